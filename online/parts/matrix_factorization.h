#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "online/part/part_kind.h"
#include "online/vectors/user_vectors.h"

namespace freshet::online {

/// [online.matrix_factorization]: what each option means and takes is in describe().
struct MatrixFactorizationOptions {
  std::size_t dimension = 32;
  std::size_t negatives = 16;
  double learning_rate = 0.1;
  double user_learning_rate = 0.2;
  std::size_t admission_count = 2;
  std::size_t max_items = 1'000'000;
  std::size_t exact_items = 16'384;
  std::size_t max_users = 200'000;

  static std::vector<Option<MatrixFactorizationOptions>> describe();
};

/// "matrix_factorization": user x item from implicit feedback, one event at a time. Item i scores
///   p_u.q_i + b_i + log of its current share of events
/// and after each event the item is pulled above sampled negatives: BPR (Rendle et al., UAI 2009), the negatives drawn
/// from what is popular now (a share of them from all items), sparse Adagrad. A new user's vector is that of their
/// first item, so that they are folded in at once; users' vectors (user_vectors.h) are live, items' are published.
/// Without a user id a session of ten items or more stands for the user, without a session id the mean of such a
/// session's items. Of shorter ones this part says nothing. Of more than exact_items items it proposes none and only
/// scores what others propose: lists are as good without (docs/quality.md), and a scan would be a third of what a list
/// costs.
/// `users` is shared with the parts that build on the users' vectors; only this part changes it.
/// Threads: as Part.
/// Cost:    observe(): negatives x dimension; proposing scans the rows (embedding_ranking.h).
std::unique_ptr<Part> make_matrix_factorization(const MatrixFactorizationOptions& options, std::size_t max_items,
                                                std::uint64_t seed, std::shared_ptr<UserVectors> users);

extern const PartKind kMatrixFactorization;

}  // namespace freshet::online

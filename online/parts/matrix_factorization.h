// SPDX-License-Identifier: Apache-2.0
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

/// "matrix_factorization": vectors of users and items, learned from implicit feedback, one event at a time. Item i
/// scores
///   p_u.q_i + b_i + log of its current share of events
/// and each event raises its item above sampled negatives: BPR (Rendle et al., UAI 2009) with sparse Adagrad. Most
/// negatives are drawn from recent events, some from all items. A new user starts with the vector of their first item,
/// which folds them in at once. Users' vectors (user_vectors.h) are live, items' vectors are published.
/// The session id stands in for a missing user id if the session has ten items or more; without a session id the mean
/// of such a session's items does. For shorter anonymous sessions the part scores nothing. With more than exact_items
/// items it proposes none and only scores what others propose: lists are as good (docs/quality.md), and a scan would be
/// a third of the cost of a list.
/// `users` is shared with the parts that build on the users' vectors; only this part changes it.
/// Threads: as Part.
/// Cost:    observe(): negatives x dimension; proposing scans the rows (embedding_ranking.h).
std::unique_ptr<Part> make_matrix_factorization(const MatrixFactorizationOptions& options, std::size_t max_items,
                                                std::uint64_t seed, std::shared_ptr<UserVectors> users);

extern const PartKind kMatrixFactorization;

}  // namespace freshet::online

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.neural_cf]: what each option means and takes is in describe().
struct NeuralCfOptions {
  std::size_t dimension = 32;
  std::size_t hidden_units = 32;  ///< of the first layer; the second has half as many
  std::size_t negatives = 4;
  std::size_t batch_examples = 64;
  double learning_rate = 0.1;
  double user_learning_rate = 0.2;
  double perceptron_learning_rate = 0.02;
  std::size_t admission_count = 2;
  std::size_t max_items = 1'000'000;
  std::size_t exact_items = 16'384;
  std::size_t max_users = 200'000;

  static std::vector<Option<NeuralCfOptions>> describe();
};

/// Neural collaborative filtering ("neural_cf"; He et al., WWW 2017): vectors of users and items, their product and a
/// perceptron over both give a click probability; trained in micro-batches, cut by count, by the cross-entropy of
/// clicks and of negatives drawn from what is popular now (a share of them from all items). A new user's vector is that
/// of their first item, so that they are folded in at once; it is stepped with the batch that their next click is in.
/// Without a user id the session stands for the user.
/// Predicts how likely a shown item is clicked if it is shown among `negatives` others drawn like that; diagnostics()
/// report how well, from each batch before its step. The click that a user's vector was made from is no example; one
/// that an item's vector was made from is not counted.
/// LibTorch computes gradients; serving uses plain C++ over the published weights (neural_cf_scorer.h).
/// Threads: as Part. Sets LibTorch's intra-op threads to 1 on the learner thread.
std::unique_ptr<Part> make_neural_cf_part(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed);

extern const PartKind kNeuralCf;

}  // namespace freshet::online

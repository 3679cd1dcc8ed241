// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.neural_cf]: describe() has the meaning and the range of each option.
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

/// Neural collaborative filtering ("neural_cf"; He et al., WWW 2017). The log-odds of a click are the dot product of the
/// user's and the item's vector, plus a perceptron over both vectors, plus the item's bias.
/// Training minimizes the cross-entropy over micro-batches of a fixed number of clicks and their sampled negatives. Most
/// negatives are drawn by current popularity, the rest uniformly from all items. Each step runs on the learner's thread.
/// A new user's vector is a copy of the vector of their first item, so that the user gets lists at once; it is trained
/// from the user's next click on. An event without a user id counts as its session's.
/// The click probability is that of an item shown among `negatives` others drawn in the same way. diagnostics() reports
/// its calibration, measured on each batch before the step. The click that a user's vector was made from is not an
/// example. The click that an item's vector was made from is an example, but is not part of the calibration.
/// LibTorch computes gradients; serving uses plain C++ over the published weights (neural_cf_scorer.h).
/// Threads: as Part. Sets LibTorch's intra-op threads to 1 on the learner thread.
std::unique_ptr<Part> make_neural_cf_part(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed);

extern const PartKind kNeuralCf;

}  // namespace freshet::online

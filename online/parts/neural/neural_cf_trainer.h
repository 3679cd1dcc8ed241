// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"
#include "online/parts/neural/neural_cf_scorer.h"

namespace freshet::online {

/// The pairs of user and item of one training step, and small dense tables of the users and items in them.
/// Shapes: u = users, i = items, n = pairs, d = dimension.
struct NeuralCfBatch {
  std::vector<float> users;              ///< [u][d]
  std::vector<float> items;              ///< [i][d]
  std::vector<float> biases;             ///< [i]
  std::vector<std::uint32_t> pair_user;  ///< [n] row in `users`
  std::vector<std::uint32_t> pair_item;  ///< [n] row in `items`
  std::vector<float> clicked;            ///< [n] 1: a click; 0: a sampled negative
  std::vector<float> weights;            ///< [n]
};

/// Gradients of the mean loss with respect to the batch's rows, and the predictions before the step.
struct NeuralCfGradients {
  AlignedVector<float> users, items, biases;  ///< as in the batch
  AlignedVector<float> log_odds;              ///< [n]
};

/// LibTorch's side of neural collaborative filtering: owns the perceptron, computes gradients of the cross-entropy, and
/// steps the perceptron with Adagrad. The vectors belong to the part.
/// Threads: one.
/// Errors:  a c10::Error is our bug and aborts with its message.
class NeuralCfTrainer {
 public:
  /// `hidden`: width of the first layer. `negatives`: number per click; the offset starts at the log-odds of a click
  /// among them.
  NeuralCfTrainer(std::size_t dimension, std::size_t hidden, std::size_t negatives, double learning_rate,
                  std::uint64_t seed);
  ~NeuralCfTrainer();

  /// Forward and backward pass, and one step of the perceptron. Returns the rows' gradients, for the caller to step.
  NeuralCfGradients step(const NeuralCfBatch& batch);

  /// Copies the weights into the layout that NeuralCfScorer reads.
  void export_weights(NeuralCfWeights& out) const;

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online

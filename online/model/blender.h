// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/kernels/simd.h"
#include "online/model/action_weights.h"
#include "online/part/options.h"

namespace freshet::online {

/// Feature columns, those of one part for example.
struct Columns {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// Scores of some heads, beside those of the blend.
struct HeadScores {
  const ActionWeights* actions = nullptr;
  std::span<const std::size_t> heads = {};
  std::span<float> scores = {};  ///< [heads][rows]
};

/// The weights of the blender, a small neural network: with x the standardized features of a candidate, its score is
///   linear . x + w2 . relu(w1' x + b1).
/// Features are rows of `inputs` floats.
/// Threads: any; immutable once published.
struct BlenderWeights {
  static constexpr float kClip = 5;  ///< bound of standardized features: larger ones say nothing more

  std::size_t inputs = 0;
  std::size_t hidden = 0;
  AlignedVector<float> mean, inverse_deviation;  ///< [inputs]
  AlignedVector<float> w1, b1;                   ///< [inputs][hidden], [hidden]
  AlignedVector<float> w2;                       ///< [hidden]
  AlignedVector<float> linear;                   ///< [inputs]

  /// Writes one score (log-odds) per row of `features`. In the columns `left_out` every row counts as average.
  /// `also`: heads that are scored too.
  /// Cost: rows x inputs x hidden multiply-adds; rows x (inputs + hidden) per head.
  void score(std::span<const float> features, std::span<float> scores, Columns left_out = {},
             const HeadScores& also = {}) const;

  /// The standardized features of one row.
  void standardize(std::span<const float> row, std::span<float> out) const;
  /// relu(w1' x + b1) for rows of standardized features.
  void hidden_units(std::span<const float> x, std::span<float> units) const;
};

/// Learns to combine the parts (stacking): after each ranked event, one Adagrad step on the softmax cross-entropy over
/// the candidates that were just ranked, with the item of the event as the label. An untrained blender scores by the
/// sum of the parts' own standardized scores, apart from small random weights of the hidden layer.
/// Threads: learner thread only; publish() returns an immutable copy for requests.
/// Cost:    learn(): a forward and a backward pass over the rows with a softmax probability of at least 1e-4.
class Blender {
 public:
  /// `inputs`: number of features; `own_scores`: the columns that hold a part's own score.
  Blender(std::size_t inputs, std::span<const std::size_t> own_scores, const BlenderOptions& options,
          std::uint64_t seed);

  /// Makes room for `columns` new features at column `at`, the first of them a part's own score. The other features keep
  /// their weights.
  void insert(std::size_t at, std::size_t columns);

  const BlenderWeights& weights() const { return weights_; }
  std::shared_ptr<const BlenderWeights> publish() const { return std::make_shared<BlenderWeights>(weights_); }

  /// One step. `scores` are those that weights() gave for `features`; `target` is the row of the event's item; `weight`
  /// scales the gradient. Does nothing if a score is NaN or +infinity.
  void learn(std::span<const float> features, std::span<const float> scores, std::size_t target, float weight);

  /// Of the rows of the newest learn(), by the scores that it was given; empty if it did nothing.
  std::span<const float> probabilities() const { return softmax_; }

  void save(ByteWriter& out) const;
  /// Errors: corrupt.
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Gradient {
    std::size_t row = 0;
    float value = 0;  // derivative of the loss with respect to the row's score
  };

  void update_moments(std::span<const float> features);
  void accumulate(std::span<const float> features, std::span<const Gradient> gradients);
  void step();

  void size_buffers();

  BlenderOptions options_;
  std::uint64_t seed_;
  BlenderWeights weights_;
  // Adagrad accumulators and running feature moments, learner thread only
  AlignedVector<float> g_w1_, g_b1_, g_w2_, g_linear_;
  std::vector<double> sum_, sum_of_squares_;
  double rows_ = 0.0;
  // buffers of learn(); their contents do not outlive a call
  std::vector<Gradient> gradients_;
  AlignedVector<float> softmax_, standardized_, activation_, d_hidden_, d_w1_, d_b1_, d_w2_, d_linear_;
};

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/kernels/simd.h"
#include "online/part/options.h"

namespace freshet::online {

/// Immutable weights of the blender: standardise features, one hidden layer of ReLU, plus a direct linear path.
/// Threads: immutable.
/// Shapes:  features are rows of `inputs` floats; w1 is [inputs][hidden].
struct BlenderWeights {
  std::size_t inputs = 0;
  std::size_t hidden = 0;
  AlignedVector<float> mean, inverse_deviation;  ///< [inputs]
  AlignedVector<float> w1, b1;                   ///< [inputs][hidden], [hidden]
  AlignedVector<float> w2;                       ///< [hidden]
  AlignedVector<float> linear;                   ///< [inputs]

  /// One score per row of `features`. Cost: rows x inputs x hidden multiply-adds.
  void score(std::span<const float> features, std::span<float> scores) const;
};

/// Learns how much to trust which feature: after each ranked event, one Adagrad step on the softmax cross-entropy over
/// the candidates that were just ranked, the true next item being the label. Before it has learned anything, the blend
/// is the sum of the parts' own standardised scores.
/// Threads: learner thread only; publish() gives requests an immutable copy.
/// Cost:    learn(): a forward and backward pass over the rows that carry weight in the softmax.
class Blender {
 public:
  /// `own_scores`: the columns that are a part's own score.
  Blender(std::size_t inputs, std::span<const std::size_t> own_scores, const BlenderOptions& options,
          std::uint64_t seed);

  const BlenderWeights& weights() const { return weights_; }
  std::shared_ptr<const BlenderWeights> publish() const { return std::make_shared<BlenderWeights>(weights_); }

  /// `features` as ranked (rows of inputs floats) and the `scores` that weights() gave them; `target` is the row of the
  /// true next item. Nothing is learned from what is not finite.
  void learn(std::span<const float> features, std::span<const float> scores, std::size_t target, float weight);

  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Gradient {
    std::size_t row = 0;
    float value = 0;  // of the loss by the row's score
  };

  void update_moments(std::span<const float> features);
  void accumulate(std::span<const float> features, std::span<const Gradient> gradients);
  void step();

  BlenderOptions options_;
  BlenderWeights weights_;
  // Adagrad accumulators and running feature moments, learner thread only
  AlignedVector<float> g_w1_, g_b1_, g_w2_, g_linear_;
  std::vector<double> sum_, sum_of_squares_;
  double rows_ = 0.0;
  // buffers of learn(): nothing that outlives it
  std::vector<Gradient> gradients_;
  AlignedVector<float> softmax_, standardised_, activation_, d_hidden_, d_w1_, d_b1_, d_w2_, d_linear_;
};

}  // namespace freshet::online

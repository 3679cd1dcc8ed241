#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/options.h"

namespace freshet::online {

/// Immutable weights of the blender: standardised features through one hidden ReLU layer, plus a direct linear path.
/// Threads: immutable.
/// Shapes:  features are rows of `inputs` floats; w1 is [inputs][hidden].
struct BlenderWeights {
  std::size_t inputs = 0;
  std::size_t hidden = 0;
  std::vector<float> mean, inverse_deviation;  ///< [inputs]
  std::vector<float> w1, b1;                   ///< [inputs][hidden], [hidden]
  std::vector<float> w2;                       ///< [hidden]
  std::vector<float> linear;                   ///< [inputs]

  /// One score per row of `features`. Cost: rows x inputs x hidden multiply-adds.
  void score(std::span<const float> features, std::span<float> scores) const;
};

/// Learns how much to trust which feature: after each ranked event, one Adagrad step (Duchi, Hazan and Singer, JMLR 2011)
/// on the softmax cross-entropy over the candidates that were just ranked, the true next item being the label.
/// Threads: learner thread only; publish() gives requests an immutable copy.
class Blender {
 public:
  /// `own_columns`: columns that are each part's own score, where an untrained blender puts its trust.
  Blender(std::size_t inputs, std::span<const std::size_t> own_columns, const BlenderOptions& options,
          std::uint64_t seed);

  const BlenderWeights& weights() const { return weights_; }
  std::shared_ptr<const BlenderWeights> publish() const { return std::make_shared<BlenderWeights>(weights_); }

  /// `features` and `scores` as just ranked; `target` is the row of the true next item.
  void learn(std::span<const float> features, std::span<const float> scores, std::size_t target, float weight);

  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  void observe_moments(std::span<const float> features, std::size_t rows);
  void step();

  BlenderOptions options_;
  BlenderWeights weights_;
  // Adagrad: sums of squared gradients
  std::vector<float> sum_w1_, sum_b1_, sum_w2_, sum_linear_;
  // running feature moments
  std::vector<double> sum_, sum_of_squares_;
  double rows_ = 0.0;
  std::uint64_t steps_ = 0;
  // gradients of the step in hand, and work space
  std::vector<float> g_w1_, g_b1_, g_w2_, g_linear_, work_, probability_;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "online/kernels/simd.h"
#include "online/parts/neural/sequence_encoder.h"

namespace freshet::online {

/// An LSTM (Hochreiter and Schmidhuber, 1997) over the inputs, with h its last state:
///   v = output_weights h + skip * e_last.
/// Shapes: d = dimension; input_weights and state_weights [d][4d]; gate_bias [4d], gates in the order input, forget,
///         cell, output; output_weights [d][d]; skip [d].
/// Cost:   8 d^2 multiply-adds per item, and d^2.
struct LstmEncoder final : SequenceEncoder {
  std::size_t dimension = 0;
  AlignedVector<float> input_weights, state_weights, gate_bias, output_weights, skip;

  void encode(std::span<const float* const> inputs, std::vector<float>& out) const override;

 private:
  void step(float* gates, bool first, float* state, float* cell) const;
};

}  // namespace freshet::online

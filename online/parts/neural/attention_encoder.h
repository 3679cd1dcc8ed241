// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "online/kernels/simd.h"
#include "online/parts/neural/sequence_encoder.h"

namespace freshet::online {

/// Attention: the last item attends to all inputs, by content and position. One block of SASRec (Kang and McAuley,
/// ICDM 2018), for the last position only; its query is made from the last item and the inputs' mean m, as in STAMP
/// (Liu et al., KDD 2018):
///   x_i = e_i + positions[steps from the end],  a = softmax(x_i . attention_weights' [e_last, m] / sqrt(d)),
///   c = sum a_i x_i,  v = output_weights' tanh(hidden_weights' [e_last, c] + hidden_bias) + skip * e_last.
/// Shapes: d = dimension; positions [most items][d], that of the newest item first; attention_weights and
///         hidden_weights [2d][d]; hidden_bias [d]; output_weights [d][d]; skip [d].
/// Cost:   5 d^2 multiply-adds, and 2 d per item.
struct AttentionEncoder final : SequenceEncoder {
  std::size_t dimension = 0;
  AlignedVector<float> positions, attention_weights, hidden_weights, hidden_bias, output_weights, skip;

  /// REQUIRES: there is a position for each input
  void encode(std::span<const float* const> inputs, std::vector<float>& out) const override;
};

}  // namespace freshet::online

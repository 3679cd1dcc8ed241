// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "online/kernels/simd.h"
#include "online/parts/neural/sequence_encoder.h"

namespace freshet::online {

/// A denoising autoencoder over a set of items, as CDAE (Wu et al., WSDM 2016) and Mult-DAE (Liang et al., WWW 2018):
/// one hidden layer, and the same item embeddings at input and output,
///   x = sum e_i / sqrt(n),  v = output_weights' tanh(hidden_weights' x + hidden_bias) + skip * x.
/// The order of the items does not matter.
/// Shapes: d = dimension, h = hidden; hidden_weights [d][h]; hidden_bias [h]; output_weights [h][d]; skip [d].
/// Cost:   2 d h multiply-adds, and d per item.
struct Autoencoder final : SequenceEncoder {
  std::size_t dimension = 0, hidden = 0;
  AlignedVector<float> hidden_weights, hidden_bias, output_weights, skip;

  void encode(std::span<const float* const> inputs, std::vector<float>& out) const override;
};

}  // namespace freshet::online

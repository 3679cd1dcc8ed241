// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/autoencoder_encoder.h"

#include <cmath>

#include "online/kernels/kernels.h"

namespace freshet::online {

void Autoencoder::encode(std::span<const float* const> inputs, std::vector<float>& out) const {
  thread_local AlignedVector<float> sum, units;
  const float scale = 1 / std::sqrt(static_cast<float>(inputs.size()));
  sum.assign(dimension, 0);
  for (const float* input : inputs) {
    for (std::size_t j = 0; j < dimension; ++j) sum[j] += scale * input[j];
  }
  units = hidden_bias;
  add_product(units.data(), hidden_weights.data(), sum.data(), dimension, hidden);
  hyperbolic_tangent(units.data(), hidden);
  out.resize(dimension);
  for (std::size_t j = 0; j < dimension; ++j) out[j] = skip[j] * sum[j];
  add_product(out.data(), output_weights.data(), units.data(), hidden, dimension);
}

}  // namespace freshet::online

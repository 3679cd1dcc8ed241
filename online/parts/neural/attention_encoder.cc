// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/attention_encoder.h"

#include <algorithm>
#include <cmath>

#include "online/kernels/kernels.h"

namespace freshet::online {

void AttentionEncoder::encode(std::span<const float* const> inputs, std::vector<float>& out) const {
  thread_local AlignedVector<float> placed, mean, query, shares, mixed, hidden;
  const std::size_t d = dimension, n = inputs.size();
  const float* last = inputs.back();
  placed.resize(n * d);
  mean.assign(d, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const float* position = positions.data() + (n - 1 - i) * d;
    for (std::size_t j = 0; j < d; ++j) {
      placed[i * d + j] = inputs[i][j] + position[j];
      mean[j] += inputs[i][j] / static_cast<float>(n);
    }
  }
  query.assign(d, 0);
  add_product(query.data(), attention_weights.data(), last, d, d);
  add_product(query.data(), attention_weights.data() + d * d, mean.data(), d, d);

  shares.resize(n);
  const float scale = 1 / std::sqrt(static_cast<float>(d));
  for (std::size_t i = 0; i < n; ++i) shares[i] = scale * dot(placed.data() + i * d, query.data(), d);
  const float largest = std::ranges::max(shares);
  float sum = 0;
  for (float& share : shares) sum += share = std::exp(share - largest);
  mixed.assign(d, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) mixed[j] += shares[i] / sum * placed[i * d + j];
  }

  hidden = hidden_bias;
  add_product(hidden.data(), hidden_weights.data(), last, d, d);
  add_product(hidden.data(), hidden_weights.data() + d * d, mixed.data(), d, d);
  hyperbolic_tangent(hidden.data(), d);
  out.resize(d);
  for (std::size_t j = 0; j < d; ++j) out[j] = skip[j] * last[j];
  add_product(out.data(), output_weights.data(), hidden.data(), d, d);
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/session_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "online/kernels/kernels.h"

namespace freshet::online {

float SessionWeights::mean(std::span<const float* const> newest, float* out) const {
  std::fill_n(out, dimension, 0.0F);
  float total = 1e-6F;
  for (std::size_t i = 0; i < newest.size(); ++i) {
    total += of_item[i];
    add_scaled(newest[i], of_item[i], dimension, out);
  }
  for (std::size_t i = 0; i < dimension; ++i) out[i] /= total;
  return total;
}

void SessionWeights::transform(const float* means, float* out, std::size_t sessions) const {
  std::copy_n(means, sessions * dimension, out);
  add_product(out, map.data(), means, dimension, dimension, sessions);
}

void SessionWeights::save(ByteWriter& out) const {
  for (const float weight : of_item) out.fixed(weight);
  out.fixed(sharpness);
  out.array(std::span<const float>(map));
}

bool SessionWeights::load(ByteReader& in) {
  for (float& weight : of_item) weight = in.fixed<float>();
  sharpness = in.fixed<float>();
  const std::vector<float> loaded = in.array<float>();
  const auto is_usable = [](float weight) { return weight >= 0 && std::isfinite(weight); };
  if (!in.ok() || loaded.size() != map.size() || !std::ranges::all_of(of_item, is_usable) || !is_usable(sharpness) ||
      !std::ranges::all_of(loaded, [](float weight) { return std::isfinite(weight); })) {
    return false;
  }
  std::ranges::copy(loaded, map.begin());
  return true;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/kernels/threshold.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

constexpr float kRange = 32.0F;
constexpr int kSteps = 16;

FRESHET_SIMD std::uint32_t count_at_least(const float* values, std::size_t size, float threshold) {
  std::uint32_t count = 0;
#pragma omp simd reduction(+ : count)
  for (std::size_t i = 0; i < size; ++i) count += values[i] >= threshold ? 1U : 0U;
  return count;
}

}  // namespace

float threshold_for(std::span<const float> values, std::size_t count) {
  float high = *std::ranges::max_element(values);
  float low = high - kRange;
  if (count_at_least(values.data(), values.size(), low) < count) return -INFINITY;
  for (int step = 0; step < kSteps; ++step) {
    const float middle = low + (high - low) / 2;
    const std::size_t reached = count_at_least(values.data(), values.size(), middle);
    (reached >= count ? low : high) = middle;
    if (reached >= count && reached <= count + count / 4) break;
  }
  return low;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/kernels/logarithm.h"

#include <bit>
#include <cstdint>

#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

/// Without branches, so that loops over it vectorize (the polynomial of logf in Cephes).
inline __attribute__((always_inline)) float logarithm(float value) {
  constexpr std::uint32_t kRootOfHalf =
      0x3F3504F3;  // bits of sqrt(1/2): the mantissa is reduced to [sqrt(1/2), sqrt(2))
  constexpr float kLog2OfE = 1.44269504F;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::int32_t exponent = static_cast<std::int32_t>(bits - kRootOfHalf) >> 23;
  const float x = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(exponent) << 23)) - 1.0F;
  float y = 7.0376836292e-2F;
  y = y * x - 1.1514610310e-1F;
  y = y * x + 1.1676998740e-1F;
  y = y * x - 1.2420140846e-1F;
  y = y * x + 1.4249322787e-1F;
  y = y * x - 1.6668057665e-1F;
  y = y * x + 2.0000714765e-1F;
  y = y * x - 2.4999993993e-1F;
  y = y * x + 3.3333331174e-1F;
  const float log_of_mantissa = y * x * x * x - 0.5F * x * x + x;
  return log_of_mantissa * kLog2OfE + static_cast<float>(exponent);
}

}  // namespace

FRESHET_SIMD void log2_each(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = logarithm(values[i]);
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/half_floats.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "base/base64.h"

namespace freshet::ingest {

float float_of_half(std::uint16_t half) {
  constexpr int kMostExponent = 31, kBias = 15, kFractionBits = 10;
  const int exponent = half >> kFractionBits & kMostExponent;
  const int fraction = half & ((1 << kFractionBits) - 1);
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == kMostExponent) {
    return fraction == 0 ? sign * std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  }
  const int implied = exponent == 0 ? 0 : 1 << kFractionBits;  // subnormal numbers have none
  const int scale = (exponent == 0 ? 1 : exponent) - kBias - kFractionBits;
  return sign * std::ldexp(static_cast<float>(implied + fraction), scale);
}

std::optional<std::vector<float>> unpack_half_floats(std::string_view base64) {
  const auto bytes = from_base64(base64);
  if (!bytes || bytes->size() % 2 != 0) return std::nullopt;
  std::vector<float> numbers;
  numbers.reserve(bytes->size() / 2);
  for (std::size_t i = 0; i < bytes->size(); i += 2) {
    const auto low = static_cast<unsigned char>((*bytes)[i]), high = static_cast<unsigned char>((*bytes)[i + 1]);
    numbers.push_back(float_of_half(static_cast<std::uint16_t>(low | high << 8)));
    if (!std::isfinite(numbers.back())) return std::nullopt;
  }
  return numbers;
}

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#include "online/kernels/logarithm.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace freshet::online {
namespace {

TEST(Logarithm, IsExactEnoughOverTheWholeRange) {
  std::vector<float> values;
  const auto last = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::max());
  for (auto bits = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::min()); bits <= last; bits += 9973) {
    values.push_back(std::bit_cast<float>(bits));
  }
  for (float near_one = 0.99F; near_one < 1.01F; near_one += 1e-5F) values.push_back(near_one);
  values.push_back(std::numeric_limits<float>::max());
  std::vector<float> logarithms = values;
  log2_each(logarithms.data(), logarithms.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = std::log2(static_cast<double>(values[i]));
    // half a unit in the last place is the rounding error of any float
    ASSERT_NEAR(logarithms[i], expected, 1e-6 + std::abs(expected) * 6e-8) << values[i];
  }
}

TEST(Logarithm, OfAPowerOfTwoIsExact) {
  for (const int exponent : {-126, -12, -1, 0, 1, 12, 127}) {
    float value = std::ldexp(1.0F, exponent);
    log2_each(&value, 1);
    EXPECT_EQ(value, static_cast<float>(exponent));
  }
}

}  // namespace
}  // namespace freshet::online

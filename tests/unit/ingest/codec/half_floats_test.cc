// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/half_floats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace freshet::ingest {
namespace {

TEST(HalfFloats, AreTheNumbersOfBinary16) {
  EXPECT_EQ(float_of_half(0x0000), 0.0F);
  EXPECT_EQ(float_of_half(0x3C00), 1.0F);
  EXPECT_EQ(float_of_half(0xC000), -2.0F);
  EXPECT_EQ(float_of_half(0x3555), 0.333251953125F);
  EXPECT_EQ(float_of_half(0x7BFF), 65504.0F) << "the largest";
  EXPECT_EQ(float_of_half(0x0400), 0x1p-14F) << "the smallest normal one";
  EXPECT_EQ(float_of_half(0x0001), 0x1p-24F) << "the smallest";
  EXPECT_TRUE(std::signbit(float_of_half(0x8000)));
  EXPECT_TRUE(std::isinf(float_of_half(0x7C00)) && std::isinf(float_of_half(0xFC00)));
  EXPECT_TRUE(std::isnan(float_of_half(0x7C01)));
}

TEST(HalfFloats, AllFiniteOnesAreInOrder) {
  for (unsigned bits = 1; bits < 0x7C00; ++bits) {
    ASSERT_LT(float_of_half(static_cast<std::uint16_t>(bits - 1)), float_of_half(static_cast<std::uint16_t>(bits)));
    ASSERT_EQ(float_of_half(static_cast<std::uint16_t>(bits | 0x8000)),
              -float_of_half(static_cast<std::uint16_t>(bits)));
  }
}

TEST(HalfFloats, MustBeWholeAndFinite) {
  EXPECT_EQ(unpack_half_floats("ADwAwA=="), (std::vector<float>{1.0F, -2.0F}));
  EXPECT_EQ(unpack_half_floats(""), std::vector<float>());
  EXPECT_FALSE(unpack_half_floats("ADwA")) << "three bytes";
  EXPECT_FALSE(unpack_half_floats("AHw=")) << "infinity";
  EXPECT_FALSE(unpack_half_floats("not Base64"));
}

}  // namespace
}  // namespace freshet::ingest

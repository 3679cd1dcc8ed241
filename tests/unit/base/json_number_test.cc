// SPDX-License-Identifier: Apache-2.0
#include "base/json_number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace freshet {
namespace {

template <typename Number>
std::string json(Number number) {
  std::string out;
  append_json_number(out, number);
  return out;
}

double read(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

/// What readers of JSON keep as an integer, with all its digits.
bool is_integer(const std::string& text) { return text.find_first_not_of("-0123456789") == std::string::npos; }

TEST(JsonNumber, HasTheFewestDigits) {
  EXPECT_EQ(json(0.1), "0.1");
  EXPECT_EQ(json(0.1F), "0.1");
  EXPECT_EQ(json(-3.0), "-3");
  EXPECT_EQ(json(16777216.0F), "16777216");
  EXPECT_EQ(json(1e300), "1e+300");
}

TEST(JsonNumber, IsNoIntegerThatReadersKeepAsOne) {
  EXPECT_EQ(json(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(json(9007199254740994.0), "9.007199254740994e+15");
  EXPECT_EQ(json(-123456789012345680000.0), "-1.2345678901234568e+20");
  EXPECT_EQ(json(-0.0), "-0.0");
  EXPECT_EQ(json(-0.0F), "-0.0");
  EXPECT_EQ(json(0.0), "0");
}

TEST(JsonNumber, IsReadAsTheSameBits) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200'000; ++round) {
    const std::uint64_t bits = random();
    const auto wide = std::bit_cast<double>(bits);
    if (std::isfinite(wide)) {
      const std::string text = json(wide);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(read(text)), bits) << text;
      ASSERT_TRUE(!is_integer(text) || std::abs(wide) <= 9007199254740992.0) << text;
    }
    const auto narrow_bits = static_cast<std::uint32_t>(bits);
    const auto narrow = std::bit_cast<float>(narrow_bits);
    if (std::isfinite(narrow)) {
      const std::string text = json(narrow);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(read(text))), narrow_bits) << text;
      ASSERT_LE(text.size(), 15U) << text;
    }
  }
}

TEST(JsonNumber, AFloatThatItsShortestDigitsDoNotNameAsADoubleHasMore) {
  const float number = 7.0385307e-26F;  // as a double, just half way to the next float
  EXPECT_EQ(json(number), "7.03853069e-26");
  EXPECT_EQ(static_cast<float>(read(json(number))), number);
}

}  // namespace
}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#include "online/containers/quick_numbering.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace freshet::online {
namespace {

TEST(QuickNumbering, AgreesWithAMapThroughReuseAtOtherSizes) {
  Random random(5);
  QuickNumbering numbering;
  for (int round = 0; round < 50; ++round) {
    const std::size_t most = random.below(500);
    const std::uint64_t keys = 1 + random.below(600);
    const auto any_key = [&] { return UINT32_MAX - static_cast<std::uint32_t>(random.below(keys)); };
    numbering.start(most);
    std::map<std::uint32_t, std::uint32_t> expected;
    for (std::size_t i = 0; i < most; ++i) {
      const std::uint32_t key = any_key();
      const bool may_add = random.below(3) > 0;
      if (may_add) expected.emplace(key, static_cast<std::uint32_t>(expected.size() + 1));
      const auto known = expected.find(key);
      ASSERT_EQ(numbering.insert(key, may_add), known == expected.end() ? 0 : known->second);
    }
    ASSERT_EQ(numbering.size(), expected.size());
    for (const auto& [key, number] : expected) ASSERT_EQ(numbering.key(number), key);
    for (std::uint64_t i = 0; i < keys; ++i) {
      const auto key = UINT32_MAX - static_cast<std::uint32_t>(i);
      const auto known = expected.find(key);
      ASSERT_EQ(numbering.find(key), known == expected.end() ? 0 : known->second);
    }
  }
}

TEST(QuickNumbering, IsEmptyAtFirst) {
  const QuickNumbering numbering;
  EXPECT_EQ(numbering.size(), 0U);
  EXPECT_EQ(numbering.find(0), 0U);
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/containers/item_table.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace freshet::online {
namespace {

TEST(ItemTable, AgreesWithAMapThroughGrowthAndReuse) {
  Random random(5);
  ItemTable table;
  for (int round = 0; round < 20; ++round) {
    table.clear();
    std::map<std::uint32_t, std::uint32_t> expected;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      const auto key = static_cast<std::uint32_t>(random.below(4000));
      EXPECT_EQ(table.find_or_insert(key, i), expected.emplace(key, i).first->second);
    }
    EXPECT_EQ(table.size(), expected.size());
    for (std::uint32_t key = 0; key < 4000; ++key) {
      const auto known = expected.find(key);
      EXPECT_EQ(table.find(key), known == expected.end() ? ItemTable::kAbsent : known->second);
    }
  }
}

TEST(ItemTable, IsEmptyAfterClear) {
  ItemTable table;
  table.find_or_insert(0, 1);
  table.clear();
  EXPECT_EQ(table.find(0), ItemTable::kAbsent);
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace freshet::online

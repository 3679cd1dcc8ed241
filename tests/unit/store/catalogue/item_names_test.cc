// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/item_names.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::store {
namespace {

TEST(ItemNames, GivesEachNameItsRowForEver) {
  ItemNames names;
  EXPECT_EQ(names.find(""), kNoRow);
  constexpr CatalogueRow kNames = 20'000;  // more than a page
  const auto name_of = [](CatalogueRow row) { return std::to_string(row) + std::string(row % 500, 'x'); };
  for (CatalogueRow row = 0; row < kNames; ++row) ASSERT_EQ(names.add(name_of(row)), row);
  for (CatalogueRow row = 0; row < kNames; ++row) {
    ASSERT_EQ(names.find(name_of(row)), row);
    ASSERT_EQ(names.add(name_of(row)), row);
    ASSERT_EQ(names.name(row), name_of(row));
  }
  EXPECT_EQ(names.find("20000"), kNoRow);
  EXPECT_EQ(names.size(), kNames);
}

}  // namespace
}  // namespace freshet::store

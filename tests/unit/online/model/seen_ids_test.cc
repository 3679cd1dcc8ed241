// SPDX-License-Identifier: Apache-2.0
#include "online/model/seen_ids.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(SeenIds, KnowsAnIdUntilMaxIdsNewerOnesCame) {
  SeenIds seen(3);
  EXPECT_TRUE(seen.insert(1));
  EXPECT_TRUE(seen.insert(2));
  EXPECT_TRUE(seen.insert(3));
  EXPECT_FALSE(seen.insert(1));  // a duplicate does not make it newer
  EXPECT_TRUE(seen.insert(4));
  EXPECT_TRUE(seen.insert(1));
  EXPECT_FALSE(seen.insert(3));
}

TEST(SeenIds, RemembersTheSameAfterSaveAndLoad) {
  SeenIds first(3);
  for (const std::uint64_t id : {1U, 2U, 3U, 4U}) first.insert(id);
  const std::string bytes = testing::saved(first);
  SeenIds second(3);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_EQ(testing::saved(second), bytes);
  EXPECT_FALSE(second.insert(2));
  EXPECT_TRUE(second.insert(5));
  EXPECT_TRUE(second.insert(2));
}

TEST(SeenIds, KeepsOnlyTheNewestWhenLoadedIntoASmallerOne) {
  SeenIds first(10);
  for (const std::uint64_t id : {1U, 2U, 3U, 4U}) first.insert(id);
  const std::string bytes = testing::saved(first);
  SeenIds second(2);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_FALSE(second.insert(4));
  EXPECT_TRUE(second.insert(1));
}

TEST(SeenIds, OfSizeZeroRemembersNothing) {
  SeenIds seen(0);
  EXPECT_TRUE(seen.insert(1));
  EXPECT_TRUE(seen.insert(1));
}

}  // namespace
}  // namespace freshet::online

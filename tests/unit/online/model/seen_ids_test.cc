#include "online/model/seen_ids.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(SeenIds, KnowsAnIdUntilMaxIdsNewerOnesCame) {
  SeenIds seen(3);
  EXPECT_TRUE(seen.insert("a"));
  EXPECT_TRUE(seen.insert("b"));
  EXPECT_TRUE(seen.insert("c"));
  EXPECT_FALSE(seen.insert("a"));  // a duplicate does not make it newer
  EXPECT_TRUE(seen.insert("d"));
  EXPECT_TRUE(seen.insert("a"));
  EXPECT_FALSE(seen.insert("c"));
}

TEST(SeenIds, RemembersTheSameAfterSaveAndLoad) {
  SeenIds first(3);
  for (const char* id : {"a", "b", "c", "d"}) first.insert(id);
  const std::string bytes = testing::saved(first);
  SeenIds second(3);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_EQ(testing::saved(second), bytes);
  EXPECT_FALSE(second.insert("b"));
  EXPECT_TRUE(second.insert("e"));
  EXPECT_TRUE(second.insert("b"));
}

TEST(SeenIds, KeepsOnlyTheNewestWhenLoadedIntoASmallerOne) {
  SeenIds first(10);
  for (const char* id : {"a", "b", "c", "d"}) first.insert(id);
  const std::string bytes = testing::saved(first);
  SeenIds second(2);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_FALSE(second.insert("d"));
  EXPECT_TRUE(second.insert("a"));
}

TEST(SeenIds, OfSizeZeroRemembersNothing) {
  SeenIds seen(0);
  EXPECT_TRUE(seen.insert("a"));
  EXPECT_TRUE(seen.insert("a"));
}

}  // namespace
}  // namespace freshet::online

#include "online/model/vocabulary.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using testing::at_seconds;

TEST(Vocabulary, NumbersNamesInOrderOfArrival) {
  Vocabulary vocabulary(10);
  const auto first = vocabulary.observe("a", at_seconds(1));
  EXPECT_EQ(first.item, 0U);
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(first.recycled);
  EXPECT_EQ(vocabulary.observe("b", at_seconds(2)).item, 1U);
  const auto again = vocabulary.observe("a", at_seconds(3));
  EXPECT_EQ(again.item, 0U);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(vocabulary.find("b"), 1U);
  EXPECT_EQ(vocabulary.find("c"), kNoItem);
  EXPECT_EQ(vocabulary.name(0), "a");
  EXPECT_EQ(vocabulary.first_seen(0), at_seconds(1));
  EXPECT_EQ(vocabulary.size(), 2U);
}

TEST(Vocabulary, RecyclesTheLeastRecentlySeenWhenFull) {
  Vocabulary vocabulary(3);
  for (const char* name : {"a", "b", "c", "a"}) vocabulary.observe(name, at_seconds(1));
  const auto observed = vocabulary.observe("d", at_seconds(5));
  EXPECT_EQ(observed.item, 1U);  // b's
  EXPECT_TRUE(observed.is_new);
  EXPECT_TRUE(observed.recycled);
  EXPECT_EQ(vocabulary.find("b"), kNoItem);
  EXPECT_EQ(vocabulary.name(1), "d");
  EXPECT_EQ(vocabulary.first_seen(1), at_seconds(5));
  EXPECT_EQ(vocabulary.size(), 3U);
}

TEST(Vocabulary, GoesByOrderOfSightingsNotByTheirTimes) {
  Vocabulary vocabulary(2);
  vocabulary.observe("a", at_seconds(100));
  vocabulary.observe("b", at_seconds(1));
  vocabulary.observe("c", at_seconds(50));
  EXPECT_EQ(vocabulary.find("a"), kNoItem);
  EXPECT_NE(vocabulary.find("b"), kNoItem);
}

TEST(Vocabulary, AnUnusedNumberHasNoName) {
  const Vocabulary vocabulary(3);
  EXPECT_EQ(vocabulary.name(0), "");
  EXPECT_EQ(vocabulary.name(kNoItem), "");
  EXPECT_EQ(vocabulary.first_seen(2), Timestamp{});
}

TEST(Vocabulary, GoesOnRecyclingInTheSameOrderAfterSaveAndLoad) {
  Vocabulary first(3);
  for (const char* name : {"a", "b", "c", "a"}) first.observe(name, at_seconds(1));
  const std::string bytes = testing::saved(first);
  Vocabulary second(3);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_TRUE(in.at_end());
  for (const char* name : {"x", "c", "y", "z"}) {
    EXPECT_EQ(second.observe(name, at_seconds(2)).item, first.observe(name, at_seconds(2)).item);
  }
  EXPECT_EQ(testing::saved(second), testing::saved(first));
}

TEST(Vocabulary, RefusesAStateWithMoreItemsThanItMayHold) {
  Vocabulary first(3);
  for (const char* name : {"a", "b", "c"}) first.observe(name, at_seconds(1));
  const std::string bytes = testing::saved(first);
  Vocabulary second(2);
  ByteReader in(bytes);
  EXPECT_FALSE(second.load(in));
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/model/vocabulary.h"

#include <gmock/gmock.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using testing::at_seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Vocabulary, NumbersNamesInOrderOfArrival) {
  Vocabulary vocabulary(10);
  const auto first = vocabulary.observe("a", at_seconds(1));
  EXPECT_EQ(first.item, 0U);
  EXPECT_TRUE(first.is_new);
  EXPECT_THAT(first.forgotten, IsEmpty());
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
  EXPECT_THAT(observed.forgotten, ElementsAre(1U));
  EXPECT_EQ(vocabulary.find("b"), kNoItem);
  EXPECT_EQ(vocabulary.name(1), "d");
  EXPECT_EQ(vocabulary.first_seen(1), at_seconds(5));
  EXPECT_EQ(vocabulary.size(), 3U);
}

TEST(Vocabulary, ForgetsTheLeastRecentlySeenUntilALongNameFits) {
  Vocabulary vocabulary(100, 10);
  for (const char* name : {"aaa", "bbb", "ccc", "aaa"}) vocabulary.observe(name, at_seconds(1));
  const auto observed = vocabulary.observe("dddddd", at_seconds(2));
  EXPECT_THAT(observed.forgotten, ElementsAre(1U, 2U));
  EXPECT_EQ(observed.item, 1U);
  EXPECT_EQ(vocabulary.name(2), "");
  EXPECT_EQ(vocabulary.find("ccc"), kNoItem);
  EXPECT_EQ(vocabulary.find("aaa"), 0U);
  EXPECT_EQ(vocabulary.size(), 2U) << "the number of \"ccc\" is free";
  EXPECT_EQ(vocabulary.end(), 3U);
  const auto next = vocabulary.observe("e", at_seconds(3));
  EXPECT_EQ(next.item, 2U);  // before numbers that were never used
  EXPECT_THAT(next.forgotten, IsEmpty());
  EXPECT_EQ(vocabulary.size(), 3U);
}

TEST(Vocabulary, OfFreeNumbersTheRecoveredOneKnowsAsManyItemsAndGoesOnTheSame) {
  Vocabulary vocabulary(100, 10), recovered(100, 10);
  for (const char* name : {"aaa", "bbb", "ccc", "aaa", "dddddd"}) vocabulary.observe(name, at_seconds(1));
  const std::string bytes = testing::saved(vocabulary);
  ByteReader in(bytes);
  ASSERT_TRUE(recovered.load(in));
  for (const char* name : {"e", "f", "g"}) {
    EXPECT_EQ(recovered.size(), vocabulary.size());
    EXPECT_EQ(recovered.observe(name, at_seconds(2)).item, vocabulary.observe(name, at_seconds(2)).item);
  }
}

TEST(Vocabulary, IsBoundedWhenNamesGrow) {
  constexpr std::size_t kItems = 20'000, kBytes = 100'000;
  Vocabulary vocabulary(kItems, kBytes);
  const auto name = [](std::size_t number, std::size_t size) {
    std::string text = std::to_string(number);
    return text.append(size - text.size(), 'x');
  };
  for (std::size_t i = 0; i < kItems; ++i) vocabulary.observe(name(i, 5), at_seconds(1));
  ASSERT_EQ(vocabulary.size(), kItems);
  std::size_t most = 0;
  const auto names_in = [&] {
    std::size_t bytes = 0;
    for (ItemIndex item = 0; item < vocabulary.end(); ++item) bytes += vocabulary.name(item).size();
    return bytes;
  };
  for (std::size_t i = 0; i < 2000; ++i) {
    vocabulary.observe(name(i, 500), at_seconds(2));
    if (i % 50 == 0) most = std::max(most, names_in());
  }
  EXPECT_LE(most, kBytes + 500 * kItems / Vocabulary::kMostForgotten);
  EXPECT_LE(names_in(), kBytes);
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

TEST(Vocabulary, ForgetsWhatOnlyTheCatalogueNamesFirst) {
  Vocabulary vocabulary(3);
  vocabulary.observe("clicked", at_seconds(1));
  EXPECT_TRUE(vocabulary.list("first", at_seconds(2)).is_new);
  EXPECT_TRUE(vocabulary.list("second", at_seconds(3)).is_new);
  EXPECT_FALSE(vocabulary.list("clicked", at_seconds(4)).is_new);
  const auto listed = vocabulary.list("third", at_seconds(5));
  EXPECT_THAT(listed.forgotten, ElementsAre(1U));
  EXPECT_EQ(listed.item, 1U);
  EXPECT_THAT(vocabulary.observe("new", at_seconds(6)).forgotten, ElementsAre(2U));
  vocabulary.observe("third", at_seconds(7));
  EXPECT_THAT(vocabulary.observe("newer", at_seconds(8)).forgotten, ElementsAre(0U)) << "the least recently seen";
}

TEST(Vocabulary, TheCatalogueEvictsNothingThatWasSeen) {
  Vocabulary vocabulary(2);
  vocabulary.observe("a", at_seconds(1));
  vocabulary.observe("b", at_seconds(1));
  const auto listed = vocabulary.list("c", at_seconds(2));
  EXPECT_EQ(listed.item, kNoItem);
  EXPECT_THAT(listed.forgotten, IsEmpty());
  EXPECT_EQ(vocabulary.find("c"), kNoItem);
}

TEST(Vocabulary, WhatLeavesTheCatalogueIsForgottenUnlessItWasSeen) {
  Vocabulary vocabulary(3);
  vocabulary.list("unseen", at_seconds(1));
  vocabulary.list("seen", at_seconds(1));
  vocabulary.observe("seen", at_seconds(2));
  EXPECT_EQ(vocabulary.unlist("unseen"), 0U);
  EXPECT_EQ(vocabulary.find("unseen"), kNoItem);
  EXPECT_EQ(vocabulary.unlist("seen"), kNoItem);
  EXPECT_EQ(vocabulary.find("seen"), 1U);
  EXPECT_EQ(vocabulary.unlist("never heard of"), kNoItem);
  EXPECT_EQ(vocabulary.list("next", at_seconds(3)).item, 0U);
}

TEST(Vocabulary, KnowsWhatTheCatalogueNamesAfterSaveAndLoad) {
  const auto save = [](const Vocabulary& vocabulary) {
    std::string bytes;
    ByteWriter out(bytes);
    vocabulary.save(out);
    vocabulary.save_order(out);
    return bytes;
  };
  Vocabulary first(4);
  for (const char* name : {"a", "b", "c"}) first.list(name, at_seconds(1));
  first.observe("b", at_seconds(2));
  first.unlist("a");
  const std::string bytes = save(first);
  Vocabulary second(4);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  ASSERT_TRUE(second.load_order(in));
  EXPECT_TRUE(in.at_end());
  for (const char* name : {"d", "e", "c", "f", "g"}) {
    EXPECT_EQ(second.observe(name, at_seconds(3)).item, first.observe(name, at_seconds(3)).item) << name;
  }
  EXPECT_EQ(save(second), save(first));
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

TEST(Vocabulary, GoesOnWithTheSameFreeNumbersAfterSaveAndLoad) {
  Vocabulary first(100, 10);
  for (const char* name : {"aa", "bb", "cc", "dd", "aa", "eeeeeeee"}) first.observe(name, at_seconds(1));
  const std::string bytes = testing::saved(first);
  Vocabulary second(100, 10);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  for (const char* name : {"f", "g", "aa", "h", "i", "jjjjjj", "k"}) {
    const auto expected = first.observe(name, at_seconds(2));
    const auto observed = second.observe(name, at_seconds(2));
    EXPECT_EQ(observed.item, expected.item) << name;
    EXPECT_EQ(observed.forgotten, expected.forgotten) << name;
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

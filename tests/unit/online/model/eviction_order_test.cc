// SPDX-License-Identifier: Apache-2.0
#include "online/model/eviction_order.h"

#include <gmock/gmock.h>

#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::numbered;

constexpr std::size_t kMaxItems = 100, kName = 10;

class EvictionOrderTest : public ::testing::Test {
 protected:
  /// Events of the sender, each about an item of its own.
  void send(const std::string& name, std::uint64_t events) {
    for (std::uint64_t i = 0; i < events; ++i) {
      limit_.admits({}, sender(name), numbered("item-", i), 1, time_, kMaxItems);
    }
  }

  /// Hours in which the back end sends a thousand events, and `other` some.
  void hours(int count, const std::string& other = "", std::uint64_t events = 0) {
    for (; count > 0; --count, time_ += std::chrono::hours(1)) {
      send("shop/backend", 1000);
      send(other, events);
    }
  }

  SenderId sender(const std::string& name) const { return limit_.sender_of({}, name); }

  void see(ItemIndex begin, ItemIndex end, const std::string& by) {
    for (ItemIndex item = begin; item < end; ++item) order_.see(item, kName, sender(by));
  }

  /// The next `count` to go, which are removed.
  std::vector<ItemIndex> next(int count) {
    std::vector<ItemIndex> gone;
    for (; count > 0; --count) {
      gone.push_back(order_.next(true));
      order_.remove(gone.back(), kName);
    }
    return gone;
  }

  std::size_t held_by(const std::string& name) const {
    std::string bytes;
    ByteWriter out(bytes);
    order_.save_holders(out);
    ByteReader in(bytes);
    std::size_t held = 0;
    while (!in.at_end()) {
      const auto key = in.fixed<std::uint64_t>();
      if (key != 0) in.fixed<std::uint64_t>();
      held += key == sender(name).key ? 1 : 0;
    }
    return held;
  }

  SenderLimit limit_{{.share = 0.05, .least = 10, .window = std::chrono::hours(1)}};
  EvictionOrder order_{kMaxItems, 100 * kMaxItems, &limit_};
  Timestamp time_ = timestamp_from_ms(1'700'000'000'000);
};

TEST_F(EvictionOrderTest, OfOneKeyTheLeastRecentlySeenGoesAndBeforeItWhatOnlyTheCatalogueNames) {
  hours(9);
  see(0, 5, "shop/backend");
  see(0, 2, "shop/backend");
  for (const ItemIndex item : {7U, 6U}) order_.list(item);
  EXPECT_EQ(order_.next(false), 7U);
  EXPECT_THAT(next(5), ElementsAre(7U, 6U, 2U, 3U, 4U));
  EXPECT_EQ(order_.next(false), kNoItem) << "the catalogue pushes out nothing that is seen";
}

TEST_F(EvictionOrderTest, AListedItemThatIsSeenIsListedNoMore) {
  order_.list(3);
  EXPECT_TRUE(order_.is_listed(3));
  see(3, 4, "");
  EXPECT_FALSE(order_.is_listed(3));
  EXPECT_THAT(order_.listed(), IsEmpty());
  EXPECT_THAT(order_.seen(), ElementsAre(3U));
}

TEST_F(EvictionOrderTest, TheKeyThatHoldsMostForItsPartGivesWay) {
  hours(9, "app/1", 1000);  // as much as the back end
  see(0, 60, "shop/backend");
  see(60, 90, "app/1");
  EXPECT_THAT(next(3), ElementsAre(0U, 1U, 2U));
  see(90, 98, "app/1");
  for (ItemIndex item = 3; item < 30; ++item) order_.remove(item, kName);
  EXPECT_THAT(next(3), ElementsAre(60U, 61U, 62U));
}

TEST_F(EvictionOrderTest, BeyondItsFairShareAKeyGivesWayBeforeTheCatalogue) {
  hours(9, "app/1", 10);
  for (ItemIndex item = 0; item < 50; ++item) order_.list(item);
  see(50, 70, "shop/backend");
  see(70, 89, "app/1");
  EXPECT_EQ(order_.next(false), 0U) << "a fifth of the room is fair for a key that sends little";
  see(89, 92, "app/1");
  EXPECT_EQ(order_.next(true), 70U);
  EXPECT_EQ(order_.next(false), 70U);
}

TEST_F(EvictionOrderTest, InTheFirstHourAKeyKeepsAFifthHoweverMuchAnotherSends) {
  send("mallory/1", 1000);
  send("shop/backend", 1);
  see(0, 20, "shop/backend");
  see(20, kMaxItems, "mallory/1");
  for (ItemIndex item = 20; item < kMaxItems; ++item) {
    ASSERT_EQ(next(1).front(), item);
    see(item, item + 1, "mallory/1");
  }
}

TEST_F(EvictionOrderTest, WhatAKeyHasLeftBehindGoesFirst) {
  hours(9, "old/1", 1000);
  see(0, 10, "old/1");
  hours(60);
  see(10, 90, "shop/backend");
  see(3, 5, "shop/backend");
  EXPECT_THAT(next(3), ElementsAre(0U, 1U, 2U));
  EXPECT_THAT(next(6), ElementsAre(5U, 6U, 7U, 8U, 9U, 10U));
}

TEST_F(EvictionOrderTest, AnItemIsHeldByWhoHasSeenItFirst) {
  hours(9, "app/1", 1000);
  see(0, 50, "shop/backend");
  see(0, 50, "app/1");
  EXPECT_EQ(held_by("shop/backend"), 50U);
  EXPECT_EQ(held_by("app/1"), 0U);
}

TEST_F(EvictionOrderTest, WhatAKeyHasLeftIsHeldByWhoSeesItNextIfTheyHaveRoom) {
  hours(9, "old/1", 1000);
  see(0, 50, "old/1");
  hours(60, "app/1", 10);
  see(0, 50, "app/1");
  EXPECT_EQ(held_by("app/1"), 5U) << "a share of 0.05";
  see(0, 50, "shop/backend");
  EXPECT_EQ(held_by("shop/backend"), 45U);
  EXPECT_EQ(held_by("old/1"), 0U);
  EXPECT_EQ(order_.seen().size(), 50U);
}

TEST_F(EvictionOrderTest, WhoHoldsItsShareHasNoRoom) {
  hours(9, "app/1", 10);
  EXPECT_TRUE(order_.has_room(sender("app/1"), kName));
  see(0, 5, "app/1");
  EXPECT_FALSE(order_.has_room(sender("app/1"), kName));
  EXPECT_FALSE(order_.has_room(sender("app/2"), kName)) << "the key holds its share";
  order_.remove(0, kName);
  EXPECT_TRUE(order_.has_room(sender("app/1"), kName));
  see(6, 90, "shop/backend");
  EXPECT_TRUE(order_.has_room(sender("shop/backend"), kName)) << "it is the site";
  EXPECT_TRUE(order_.has_room(sender("shop/other"), kName));
  see(90, 95, "shop/other");
  EXPECT_FALSE(order_.has_room(sender("shop/other"), kName));
  EXPECT_TRUE(order_.has_room({}, kName)) << "not known, not limited";
}

TEST_F(EvictionOrderTest, LongNamesTakeMoreRoom) {
  hours(9, "app/1", 10);
  constexpr std::size_t kLong = 110;  // of 10,000 bytes
  for (ItemIndex item = 0; item < 4; ++item) order_.see(item, kLong, sender("app/1"));
  EXPECT_TRUE(order_.has_room(sender("app/1"), 60));
  EXPECT_FALSE(order_.has_room(sender("app/1"), 61));
}

TEST_F(EvictionOrderTest, BeforeThePartsAreKnownNobodyIsOutOfRoom) {
  hours(7, "app/1", 10);
  see(0, 90, "app/1");
  EXPECT_TRUE(order_.has_room(sender("app/1"), kName));
}

TEST_F(EvictionOrderTest, GoesOnAfterSaveAndLoad) {
  hours(9, "app/1", 300);
  see(0, 30, "");
  see(30, 80, "shop/backend");
  see(20, 40, "app/1");
  std::string bytes;
  ByteWriter out(bytes);
  order_.save_holders(out);
  EvictionOrder loaded(kMaxItems, 100 * kMaxItems, &limit_);
  const std::vector<ItemIndex> items = order_.seen();
  for (const ItemIndex item : items) loaded.see(item, kName, {});
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load_holders(in, items, std::vector<std::size_t>(items.size(), kName)));
  EXPECT_TRUE(in.at_end());
  for (int i = 0; i < 80; ++i) {
    ASSERT_EQ(loaded.has_room(sender("app/1"), kName), order_.has_room(sender("app/1"), kName));
    ASSERT_EQ(loaded.next(true), order_.next(true));
    loaded.remove(order_.next(true), kName);
    next(1);
  }
}

TEST_F(EvictionOrderTest, RefusesHoldersOutOfOrder) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const std::uint64_t number : {7U, 1U, 5U, 1U}) out.fixed(number);  // keys 7 and 5
  const std::vector<ItemIndex> items{0, 1};
  see(0, 2, "");
  ByteReader in(bytes);
  EXPECT_FALSE(order_.load_holders(in, items, std::vector<std::size_t>(2, kName)));
}

}  // namespace
}  // namespace freshet::online

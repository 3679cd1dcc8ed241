// SPDX-License-Identifier: Apache-2.0
#include "online/parts/active_users.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using testing::at_seconds;
using testing::saved;

struct Seen {
  OwnerKey key = kNobody;
  std::string id;
  std::vector<ItemIndex> items;
};

struct Fixture {
  ActiveUsers users{2, 3, 100};
  std::int64_t time = 0;

  ActiveUsers::Slot click(std::uint64_t user, ItemIndex item, std::string_view id = {}) {
    return users.observe({item, 1.0F, at_seconds(++time), false, OwnerKey{user}, OwnerKey{user}, id});
  }

  Seen seen(ActiveUsers::Slot slot) const {
    Seen seen;
    users.read(slot, [&](OwnerKey key, const ActiveUsers::User& user) {
      seen = {key, user.id, {}};
      for (const Visit& visit : user.visits) seen.items.push_back(visit.item);
    });
    return seen;
  }
};

TEST(ActiveUsers, KeepTheNewestDistinctItems) {
  Fixture f;
  const auto slot = f.click(7, 1, "seven");
  for (const ItemIndex item : {2U, 3U, 2U, 4U}) f.click(7, item, "seven");
  const Seen seen = f.seen(slot);
  EXPECT_EQ(seen.key, OwnerKey{7});
  EXPECT_EQ(seen.id, "seven");
  EXPECT_EQ(seen.items, (std::vector<ItemIndex>{3, 2, 4}));
}

TEST(ActiveUsers, ANewUserTakesThePlaceOfTheLeastRecentlyActiveOne) {
  Fixture f;
  const auto slot = f.click(1, 11, "one");
  f.click(2, 12);
  EXPECT_EQ(f.click(3, 13), slot);
  EXPECT_EQ(f.users.slot_of(OwnerKey{1}), UserSlots::kNone);
  const Seen seen = f.seen(slot);
  EXPECT_EQ(seen.key, OwnerKey{3});
  EXPECT_EQ(seen.id, "") << "not the evicted user's";
  EXPECT_EQ(seen.items, std::vector<ItemIndex>{13});
}

TEST(ActiveUsers, AForgottenItemAndAnErasedUserLeaveNothing) {
  Fixture f;
  const auto slot = f.click(1, 5, "one");
  f.click(1, 6, "one");
  f.users.forget_item(5);
  EXPECT_EQ(f.seen(slot).items, std::vector<ItemIndex>{6});
  EXPECT_EQ(f.users.erase(OwnerKey{1}), slot);
  EXPECT_EQ(f.seen(slot).key, kNobody);
  EXPECT_EQ(f.seen(slot).id, "");
  EXPECT_TRUE(f.seen(slot).items.empty());
  EXPECT_EQ(f.users.erase(OwnerKey{1}), UserSlots::kNone);
}

TEST(ActiveUsers, AStateWithTooManyItemsIsRefused) {
  ActiveUsers larger(2, 10, 100);
  for (ItemIndex item = 0; item < 10; ++item) {
    larger.observe({item, 1.0F, at_seconds(1), false, OwnerKey{7}, OwnerKey{7}});
  }
  const std::string bytes = saved(larger);
  ByteReader in(bytes);
  EXPECT_FALSE(Fixture{}.users.load(in));
  ByteReader again(bytes);
  ActiveUsers same(2, 10, 100);
  ASSERT_TRUE(same.load(again));
  EXPECT_EQ(saved(same), bytes);
}

}  // namespace
}  // namespace freshet::online

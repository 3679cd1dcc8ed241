// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/user_items.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;
using Items = std::vector<ItemIndex>;

struct Fixture {
  UserItems users{2, 3, 100};  // max_users, max_items_per_user, max_items

  void click(std::uint64_t user, ItemIndex item) {
    users.observe({item, 1.0F, at_seconds(1), false, OwnerKey{user + 1000}, OwnerKey{user}});
  }

  Items read(std::uint64_t user, std::initializer_list<ItemIndex> session = {}) const {
    Context context = context_of(session, 100, user + 1000);
    context.user_key = OwnerKey{user};
    Items items{99};
    users.read(context, items);
    return items;
  }
};

TEST(UserItems, AreTheNewestDistinctOnesOldestFirst) {
  Fixture f;
  for (const ItemIndex item : {1U, 2U, 1U}) f.click(7, item);
  EXPECT_EQ(f.read(7), (Items{2, 1}));
  for (const ItemIndex item : {3U, 4U}) f.click(7, item);
  EXPECT_EQ(f.read(7), (Items{1, 3, 4}));
}

TEST(UserItems, TheCurrentSessionIsAdded) {
  Fixture f;
  for (const ItemIndex item : {1U, 2U, 3U}) f.click(7, item);
  EXPECT_EQ(f.read(7, {2, 5}), (Items{3, 2, 5}));
  EXPECT_EQ(f.read(8, {4, 5, 4, 6, 7}), (Items{4, 6, 7})) << "an unknown user";
}

TEST(UserItems, TheSessionStandsForAnAnonymousUser) {
  Fixture f;
  f.users.observe({5, 1.0F, at_seconds(1), true, OwnerKey{9}});
  Items items;
  f.users.read(context_of({}, 100, 9), items);
  EXPECT_EQ(items, Items{5});
  f.users.read(context_of({}, 100), items);
  EXPECT_TRUE(items.empty()) << "neither user nor session is known";
}

TEST(UserItems, TheLeastRecentlyActiveUserIsForgotten) {
  Fixture f;
  f.click(1, 11);
  f.click(2, 12);
  f.click(1, 13);
  f.click(3, 14);
  EXPECT_EQ(f.read(1), (Items{11, 13}));
  EXPECT_TRUE(f.read(2).empty());
  EXPECT_EQ(f.read(3), Items{14});
}

TEST(UserItems, AForgottenItemAndAnErasedUserLeaveNothing) {
  Fixture f;
  for (const std::uint64_t user : {1ULL, 2ULL}) {
    f.click(user, 5);
    f.click(user, 6);
  }
  f.users.forget_item(5);
  EXPECT_EQ(f.read(1), Items{6});
  EXPECT_EQ(f.read(2), Items{6});
  f.users.erase(OwnerKey{1});
  EXPECT_TRUE(f.read(1).empty());
  f.users.forget_item(6);
  EXPECT_TRUE(f.read(2).empty());
}

TEST(UserItems, AStateWithTooManyItemsIsRefused) {
  UserItems larger(2, 10, 100);
  for (ItemIndex item = 0; item < 10; ++item) {
    larger.observe({item, 1.0F, at_seconds(1), false, OwnerKey{7}, OwnerKey{7}});
  }
  const std::string bytes = saved(larger);
  ByteReader in(bytes);
  EXPECT_FALSE(Fixture{}.users.load(in));
  ByteReader again(bytes);
  UserItems same(2, 10, 100);
  ASSERT_TRUE(same.load(again));
  EXPECT_EQ(saved(same), bytes);
}

}  // namespace
}  // namespace freshet::online

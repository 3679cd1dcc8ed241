// SPDX-License-Identifier: Apache-2.0
#include "online/parts/user_history.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

constexpr std::uint64_t kUser = 77;

Context of_user(std::initializer_list<ItemIndex> items, std::int64_t now, std::uint64_t user) {
  Context context = context_of(items, now);
  context.user_key = OwnerKey{user};
  return context;
}

TEST(UserHistory, RemembersWhatAUserCameForInEarlierSessions) {
  const auto part = make_user_history({}, 100);
  observe_session(*part, 1, {5, 7, 5}, 0, kUser);
  observe_session(*part, 2, {8}, 100, kUser);
  observe_session(*part, 3, {9}, 100, 78);
  EXPECT_EQ(items_of(propose(part->live(), of_user({}, 200, kUser))), (std::vector<ItemIndex>{5, 8, 7}));
  EXPECT_EQ(items_of(propose(part->live(), of_user({5}, 200, kUser))), (std::vector<ItemIndex>{8, 7}));
  EXPECT_TRUE(propose(part->live(), of_user({}, 200, 79)).empty());
  EXPECT_TRUE(propose(part->live(), context_of({5}, 200)).empty()) << "nobody's session, and no more in it";
}

TEST(UserHistory, AStrangersSessionLooksAsIfItHadBeenLearned) {
  const auto learned = make_user_history({}, 100);
  observe_session(*learned, 1, {5, 7, 5, 8}, 97);
  const auto part = make_user_history({}, 100);
  const std::vector<ItemIndex> items{5, 7, 8, 9};
  EXPECT_EQ(score(part->live(), context_of({5, 7, 5, 8}, 100), items),
            score(learned->live(), context_of({5, 7, 5, 8}, 100, 1), items));
  EXPECT_EQ(items_of(propose(part->live(), context_of({5, 7, 5, 8}, 100))), (std::vector<ItemIndex>{5, 7}));
}

TEST(UserHistory, TheSessionStandsForAnAnonymousUser) {
  const auto part = make_user_history({}, 100);
  observe_session(*part, 1, {5, 7}, 0);
  EXPECT_EQ(items_of(propose(part->live(), context_of({7}, 5000, 1))), (std::vector<ItemIndex>{5}));
}

TEST(UserHistory, OftenAndRecentlyScoreHigher) {
  const auto part = make_user_history({}, 100);
  observe_session(*part, 1, {5, 6, 5}, 0, kUser);
  observe_session(*part, 2, {7}, 500'000, kUser);
  const auto rows = score(part->live(), of_user({}, 500'100, kUser), {5, 6, 7, 99});
  EXPECT_GT(rows[0][0], rows[1][0]);
  EXPECT_GT(rows[2][0], rows[1][0]);
  EXPECT_EQ(rows[3][0], 0.0F);
  EXPECT_FLOAT_EQ(rows[0][1], std::log2(3.0F));
  EXPECT_FLOAT_EQ(rows[0][3], 2.0F / 5.0F);
}

TEST(UserHistory, KeepsTheNewestItemsOfTheMostActiveUsers) {
  const auto part = make_user_history({.max_users = 2, .max_items_per_user = 2}, 100);
  observe_session(*part, 1, {5, 6, 7}, 0, 11);
  observe_session(*part, 2, {8}, 10, 12);
  observe_session(*part, 3, {6}, 20, 11);
  observe_session(*part, 4, {9}, 30, 13);
  EXPECT_EQ(items_of(propose(part->live(), of_user({}, 40, 11))), (std::vector<ItemIndex>{6, 7}));
  EXPECT_TRUE(propose(part->live(), of_user({}, 40, 12)).empty());
  EXPECT_EQ(items_of(propose(part->live(), of_user({}, 40, 13))), (std::vector<ItemIndex>{9}));
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/covisitation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

CovisitationOptions small() {
  CovisitationOptions options;
  options.half_life_hours = {1, 10};
  options.max_neighbors = 3;
  options.window = 2;
  return options;
}

std::size_t feature(const Scorer& scorer, std::string_view name) {
  const auto names = scorer.features();
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

TEST(Covisitation, ProposesWhatFollowedTheLastItemMostOften) {
  const auto part = make_covisitation(small(), 100);
  observe_session(*part, 1, {1, 2}, 0);
  observe_session(*part, 2, {1, 2}, 10);
  observe_session(*part, 3, {1, 3}, 20);
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 30))), (std::vector<ItemIndex>{2, 3}));
  EXPECT_TRUE(propose(part->live(), context_of({4}, 30)).empty());
  EXPECT_TRUE(propose(part->live(), context_of({}, 30)).empty());
}

TEST(Covisitation, WhatCameBeforeAnItemCountsLessThanWhatCameAfterIt) {
  const auto part = make_covisitation(small(), 100);
  observe_session(*part, 1, {1, 2, 3}, 0);
  EXPECT_EQ(items_of(propose(part->live(), context_of({2}, 30))), (std::vector<ItemIndex>{3, 1}));
  const auto rows = score(part->live(), context_of({2}, 30), {3, 1});
  const std::size_t reverse = feature(part->live(), "last_4");
  EXPECT_LT(rows[0][reverse], rows[1][reverse]);
}

TEST(Covisitation, LinksWithinTheWindowByOneOverDistance) {
  const auto part = make_covisitation(small(), 100);
  observe_session(*part, 1, {1, 2, 3, 4}, 0);
  const auto rows = score(part->live(), context_of({1}, 10), {2, 3, 4});
  const std::size_t log_count = feature(part->live(), "log_count");
  EXPECT_FLOAT_EQ(rows[0][log_count], std::log2(2.0F));
  EXPECT_FLOAT_EQ(rows[1][log_count], std::log2(1.5F));
  EXPECT_FLOAT_EQ(rows[2][log_count], 0.0F);
}

TEST(Covisitation, LetsTheNewerTransitionWinAtTheShortHalfLife) {
  const auto part = make_covisitation(small(), 100);
  for (std::uint64_t s = 0; s < 4; ++s) observe_session(*part, s + 1, {1, 2}, 0);
  for (std::uint64_t s = 0; s < 2; ++s) observe_session(*part, s + 9, {1, 3}, 4 * 3600);
  const auto rows = score(part->live(), context_of({1}, 4 * 3600 + 10), {2, 3});
  EXPECT_LT(rows[0][feature(part->live(), "last_0")], rows[1][feature(part->live(), "last_0")]);
  EXPECT_GT(rows[0][feature(part->live(), "last_2")], rows[1][feature(part->live(), "last_2")]);
}

TEST(Covisitation, CountsFadeHoweverOftenTheRowIsTouched) {
  CovisitationOptions options = small();
  options.half_life_hours = {1, 720};
  const auto part = make_covisitation(options, 100);
  const auto link = [&](ItemIndex to, double seconds, float weight) {
    Context before = context_of({1}, 0);
    before.now = at_seconds(0) + std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    part->observe(before, {to, weight, before.now, false, OwnerKey{7}});
  };
  link(2, 0, 1e6F);
  constexpr int kTouches = 1'000'000;  // a tenth of a second apart: 27.8 of 720 hours
  for (int n = 1; n <= kTouches; ++n) link(3, 0.1 * n, 1.0F);
  const auto rows = score(part->live(), context_of({1}, kTouches / 10), {2, 3});
  const std::size_t slow = feature(part->live(), "last_1"), never = feature(part->live(), "last_2");
  EXPECT_NEAR(rows[0][never] - rows[1][never], 0, 1e-3);
  // 2^-x of the old ones against the mean of 2^-u over 0 <= u <= x, x = 27.8 / 720
  EXPECT_NEAR(rows[0][slow] - rows[1][slow], -0.0193, 2e-3);
}

TEST(Covisitation, CountsThatAreTooManyAreHalvedAndTheirSharesStay) {
  const auto part = make_covisitation(small(), 100);
  Context before = context_of({1}, 0);
  for (int n = 0; n < 100; ++n) {
    for (const ItemIndex to : {2, 2, 2, 3}) part->observe(before, {to, 0x1p20F, before.now, false, OwnerKey{7}});
  }
  const auto rows = score(part->live(), context_of({1}, 1), {2, 3});
  for (const char* level : {"last_0", "last_1", "last_2", "last_3"}) {
    EXPECT_NEAR(rows[0][feature(part->live(), level)], std::log2(0.75F), 0.05) << level;
    EXPECT_NEAR(rows[1][feature(part->live(), level)], std::log2(0.25F), 0.2) << level;
  }
  EXPECT_LE(rows[0][feature(part->live(), "log_count")], 23);
}

TEST(Covisitation, ALateTransitionCountsAsIfItHadComeInTime) {
  const auto in_time = make_covisitation(small(), 100);
  observe_session(*in_time, 1, {1, 2}, 0);
  observe_session(*in_time, 2, {1, 3}, 3600);
  const auto late = make_covisitation(small(), 100);
  observe_session(*late, 2, {1, 3}, 3600);
  observe_session(*late, 1, {1, 2}, 0);
  const auto expected = score(in_time->live(), context_of({1}, 3700), {2, 3});
  const auto actual = score(late->live(), context_of({1}, 3700), {2, 3});
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t f = 0; f < expected[row].size(); ++f) EXPECT_NEAR(actual[row][f], expected[row][f], 1e-5);
  }
}

TEST(Covisitation, HoldsAtMostSoManyNeighborsAndDropsTheLeast) {
  const auto part = make_covisitation(small(), 100);
  for (const ItemIndex item : {2U, 3U, 4U}) {
    observe_session(*part, 1, {1, item}, 0);
    observe_session(*part, 1, {1, item}, 10);
  }
  observe_session(*part, 2, {1, 3}, 20);
  observe_session(*part, 2, {1, 4}, 30);
  observe_session(*part, 3, {1, 5}, 40);
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 50))), (std::vector<ItemIndex>{4, 3, 5}));
}

TEST(Covisitation, AFollowerThatMadeRoomTakesItsCountsAlong) {
  const auto part = make_covisitation(small(), 100);
  for (const ItemIndex item : {2U, 3U}) {
    observe_session(*part, 1, {1, item}, 0);
    observe_session(*part, 2, {1, item}, 10);
  }
  observe_session(*part, 3, {1, 4}, 20);
  observe_session(*part, 4, {1, 5}, 30);
  const auto rows = score(part->live(), context_of({1}, 40), {4, 5});
  const std::size_t log_count = feature(part->live(), "log_count");
  EXPECT_FLOAT_EQ(rows[0][log_count], 0.0F);
  EXPECT_FLOAT_EQ(rows[1][log_count], std::log2(2.0F));
}

TEST(Covisitation, ForgetsAnItemAsRowAndAsNeighbor) {
  const auto part = make_covisitation(small(), 100);
  observe_session(*part, 1, {1, 2, 3, 1}, 0);
  part->forget_item(1);
  EXPECT_TRUE(propose(part->live(), context_of({1}, 10)).empty());
  EXPECT_EQ(items_of(propose(part->live(), context_of({2}, 10))), (std::vector<ItemIndex>{3}));
  EXPECT_EQ(items_of(propose(part->live(), context_of({3}, 10))), (std::vector<ItemIndex>{2}));
}

}  // namespace
}  // namespace freshet::online

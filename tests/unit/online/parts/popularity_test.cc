// SPDX-License-Identifier: Apache-2.0
#include "online/parts/popularity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

constexpr std::int64_t kHour = 3600;

void click(Part& part, ItemIndex item, std::int64_t seconds, float weight = 1.0F) {
  part.observe(Context{}, {item, weight, at_seconds(seconds), true, OwnerKey{1}});
}

TEST(Popularity, RanksByClicksThatFadeWithTheMiddleHalfLife) {
  const auto part = make_popularity({{1, 6, 48}}, 100);
  for (int i = 0; i < 3; ++i) click(*part, 1, 0);
  for (int i = 0; i < 2; ++i) click(*part, 2, 6 * kHour);
  Context context = context_of({}, 6 * kHour);
  EXPECT_EQ(items_of(propose(part->live(), context)), (std::vector<ItemIndex>{2, 1}));
  const auto rows = score(part->live(), context, {1, 2});
  EXPECT_NEAR(rows[0][0], std::log2(1.5), 1e-4);
  EXPECT_NEAR(rows[1][0], std::log2(2.0), 1e-4);
}

TEST(Popularity, CountsWeightsAndLateEventsAsOfTheirOwnTime) {
  const auto part = make_popularity({{6}}, 100);
  click(*part, 1, 6 * kHour, 2.0F);
  click(*part, 1, 0, 3.0F);
  EXPECT_NEAR(score(part->live(), context_of({}, 6 * kHour), {1})[0][0], std::log2(3.5), 1e-4);
}

TEST(Popularity, NeverProposesTheLastItem) {
  const auto part = make_popularity({}, 100);
  for (const ItemIndex item : {1U, 2U, 3U, 1U}) click(*part, item, 0);
  EXPECT_EQ(items_of(propose(part->live(), context_of({1}, 10), 2)), (std::vector<ItemIndex>{2, 3}));
}

TEST(Popularity, KeepsTheExactOrderOfAllItems) {
  constexpr std::size_t kItems = 3000;
  const auto part = make_popularity({{1, 6, 48}}, kItems);
  Random random(11);
  for (int i = 0; i < 60'000; ++i) {
    const auto item = static_cast<ItemIndex>(static_cast<double>(kItems) * random.uniform() * random.uniform());
    click(*part, item, i);
    if (i % 1000 == 0) part->forget_item(static_cast<ItemIndex>(random.below(kItems)));
  }
  const Context context = context_of({}, 60'000);
  std::vector<ItemIndex> all;
  for (ItemIndex item = 0; item < kItems; ++item) all.push_back(item);
  std::vector<float> expected;
  for (const auto& row : score(part->live(), context, all)) expected.push_back(row[0]);
  std::sort(expected.rbegin(), expected.rend());
  const auto proposed = propose(part->live(), context, kItems);
  ASSERT_GT(proposed.size(), kItems / 2);
  for (std::size_t i = 0; i < proposed.size(); ++i) ASSERT_FLOAT_EQ(proposed[i].score, expected[i]) << i;

  std::vector<ItemOrder::Place> in_order;
  ItemOrder::Place place;
  for (std::size_t before = 1; before != in_order.size();) {
    before = in_order.size();
    dynamic_cast<const ItemOrder&>(part->live()).next(place, 700, in_order);
  }
  ASSERT_EQ(in_order.size(), proposed.size());
  for (std::size_t i = 0; i < in_order.size(); ++i) EXPECT_EQ(in_order[i].item, proposed[i].item) << i;
}

TEST(Popularity, HabitsAreThoseOfAnItemsFirstMillions) {
  const auto part = make_popularity({}, 100);
  const auto opens = [&] {
    const auto names = part->live().features();
    const auto at = static_cast<std::size_t>(std::ranges::find(names, "opens") - names.begin());
    return score(part->live(), context_of({}, 0), {1})[0][at];
  };
  for (int n = 0; n < 128; ++n) part->observe(context_of({}, 0), {1, 0x1p16F, at_seconds(0), n % 4 == 0, OwnerKey{7}});
  EXPECT_NEAR(opens(), -2, 0.01);
  for (int n = 0; n < 128; ++n) part->observe(context_of({}, 0), {1, 0x1p16F, at_seconds(0), false, OwnerKey{7}});
  EXPECT_NEAR(opens(), -2, 0.01) << "a float would lose what is added by ones, and the share would go to 0";
}

TEST(Popularity, FeaturesStayFiniteFromTheFirstClickToAYearLater) {
  const auto part = make_popularity({}, 100);
  click(*part, 1, 0, 0.001F);
  for (const std::int64_t now : {std::int64_t{-3600}, std::int64_t{0}, 365 * 24 * kHour}) {
    for (const auto& row : score(part->live(), context_of({}, now), {1, 2})) {
      for (std::size_t f = 0; f < row.size(); ++f) EXPECT_TRUE(std::isfinite(row[f])) << part->live().features()[f];
    }
  }
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/recurrence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

TEST(Recurrence, ProposesEarlierItemsNewestFirstButNotTheLast) {
  const auto part = make_recurrence();
  EXPECT_EQ(items_of(propose(part->live(), context_of({5, 7, 5, 8, 9, 8}, 100))), (std::vector<ItemIndex>{9, 5, 7}));
  EXPECT_EQ(items_of(propose(part->live(), context_of({5, 7, 8, 9}, 100), 2)), (std::vector<ItemIndex>{8, 7}));
  EXPECT_TRUE(propose(part->live(), context_of({5}, 100)).empty());
  EXPECT_TRUE(propose(part->live(), context_of({}, 100)).empty());
}

TEST(Recurrence, DescribesHowAnItemOccurredInTheSession) {
  const auto part = make_recurrence();
  const auto rows = score(part->live(), context_of({5, 7, 5, 8}, 100), {5, 7, 99});
  // recency, in_session, times, log_seconds_ago, log_steps_back, opened_session, followed, preceded; of the session:
  // length, pause, share of revisits, whether the last step was one
  const std::vector<float> five{0.5F, 1, 2, 1, 1, 1, 0, 1, std::log2(5.0F), 0, 0.25F, 0};
  ASSERT_EQ(rows[0].size(), five.size());
  for (std::size_t f = 0; f < five.size(); ++f) EXPECT_FLOAT_EQ(rows[0][f], five[f]) << part->live().features()[f];
  EXPECT_GT(rows[0][0], rows[1][0]);
  EXPECT_EQ(rows[2][0], 0.0F);
  EXPECT_EQ(rows[2][1], 0.0F);
}

TEST(Recurrence, KnowsTheWayThatWasGoneBefore) {
  const auto part = make_recurrence();
  const auto names = part->live().features();
  const auto rows = score(part->live(), context_of({5, 7, 5, 8, 5}, 100), {7, 8, 5});
  const auto at = [&](std::size_t row, std::string_view name) {
    return rows[row][static_cast<std::size_t>(std::ranges::find(names, name) - names.begin())];
  };
  EXPECT_EQ(at(0, "followed"), 1.0F);
  EXPECT_EQ(at(0, "preceded"), 1.0F);
  EXPECT_EQ(at(1, "followed"), 1.0F);
  EXPECT_EQ(at(1, "preceded"), 1.0F);
  EXPECT_EQ(at(2, "followed"), 0.0F);
  EXPECT_EQ(at(0, "last_was_revisit"), 1.0F);
  EXPECT_FLOAT_EQ(at(0, "session_revisits"), 0.4F);
}

}  // namespace
}  // namespace freshet::online

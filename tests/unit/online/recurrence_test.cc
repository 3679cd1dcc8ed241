#include "online/recurrence.h"

#include <gtest/gtest.h>

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
  const std::vector<float> five{0.5F, 1, 2, 1.0F, std::log2(5.0F), 0.0F};
  ASSERT_EQ(rows[0].size(), five.size());
  for (std::size_t f = 0; f < five.size(); ++f) EXPECT_FLOAT_EQ(rows[0][f], five[f]) << part->live().features()[f];
  EXPECT_GT(rows[0][0], rows[1][0]);
  EXPECT_EQ(rows[2][0], 0.0F);
  EXPECT_EQ(rows[2][1], 0.0F);
}

}  // namespace
}  // namespace freshet::online

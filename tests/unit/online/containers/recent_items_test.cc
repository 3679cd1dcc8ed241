// SPDX-License-Identifier: Apache-2.0
#include "online/containers/recent_items.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(RecentItems, ShareIsThatOfTheNewestEvents) {
  RecentItems recent;
  for (std::size_t i = 0; i < RecentItems::kEvents; ++i) recent.add(1);
  for (std::size_t i = 0; i < RecentItems::kEvents / 4; ++i) recent.add(2);
  EXPECT_NEAR(recent.share(1), 0.75, 1e-3);
  EXPECT_NEAR(recent.share(2), 0.25, 1e-3);
  EXPECT_GT(recent.share(3), 0);
}

TEST(RecentItems, DrawsItemsAsOftenAsTheyOccur) {
  RecentItems recent;
  for (int i = 0; i < 100; ++i) recent.add(i % 4 == 0 ? 7 : 8);
  Random random(1);
  int sevens = 0;
  for (int i = 0; i < 10'000; ++i) sevens += recent.draw(random) == 7;
  EXPECT_NEAR(sevens, 2500, 200);
}

TEST(RecentItems, AForgottenItemIsNeverDrawnAndTheRingGoesOn) {
  RecentItems recent;
  for (std::size_t i = 0; i < RecentItems::kEvents; ++i) recent.add(i % 2 == 0 ? 1 : 2);
  recent.forget(1);
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_NE(recent.draw(random), 1U);
  EXPECT_LT(recent.share(1), 1e-4);
  const std::string bytes = testing::saved(recent);
  RecentItems loaded;
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in, 10));
  for (std::size_t i = 0; i < RecentItems::kEvents; ++i) loaded.add(1);  // overwrites the gaps of forgotten items
  EXPECT_NEAR(loaded.share(1), 1, 1e-3);
}

}  // namespace
}  // namespace freshet::online

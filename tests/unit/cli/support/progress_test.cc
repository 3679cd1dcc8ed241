// SPDX-License-Identifier: Apache-2.0
#include "cli/support/progress.h"

#include <gtest/gtest.h>

namespace freshet::cli {
namespace {

TEST(Progress, ShowsBarRateAndTimeToGo) {
  EXPECT_EQ(Progress::line("events", 50'000, 0.25, 10, 8), " 25% [##......] 50.0 k events, 5000/s, 0:30 to go");
  EXPECT_EQ(Progress::line("events", 2'000'000, 1, 4, 8), "100% [########] 2.00 M events, 500.0 k/s");
  EXPECT_EQ(Progress::line("events", 7, -1, 0, 8), "7 events, 0/s");
}

}  // namespace
}  // namespace freshet::cli

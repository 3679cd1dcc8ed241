// SPDX-License-Identifier: Apache-2.0
#include "online/model/scoring_share.h"

#include <gtest/gtest.h>

#include <array>

namespace freshet::online {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// One that has measured 10,000 events per second.
ScoringShare share_of(double least = 0.25) {
  ScoringShare scoring(milliseconds(100), least);
  for (int batch = 0; batch < 100; ++batch) scoring.learned(256, 256 * microseconds(100));
  return scoring;
}

int scored_of(ScoringShare& scoring, int events) {
  int scored = 0;
  for (int i = 0; i < events; ++i) scored += scoring.next() ? 1 : 0;
  return scored;
}

TEST(ScoringShare, IsAllBeforeAnythingIsKnown) {
  ScoringShare scoring(milliseconds(100), 0.25);
  EXPECT_EQ(scoring.share(), 1);
  scoring.behind(1'000'000'000);
  EXPECT_EQ(scoring.share(), 1) << "the time per event is not known yet";
  EXPECT_EQ(scored_of(scoring, 1000), 1000);
}

TEST(ScoringShare, FallsWithTheWorkLeftDownToTheLeast) {
  ScoringShare scoring = share_of();
  for (const auto& [behind, share] :
       {std::pair{0, 1.0}, {1, 1.0}, {990, 1.0}, {2000, 0.5}, {2500, 0.4}, {4000, 0.25}, {1'000'000'000, 0.25}}) {
    scoring.behind(behind);
    EXPECT_NEAR(scoring.share(), share, 1e-6) << behind;
  }
}

TEST(ScoringShare, IsAllAgainOnceCaughtUp) {
  ScoringShare scoring = share_of();
  scoring.behind(1'000'000);
  EXPECT_LT(scored_of(scoring, 1000), 260);
  scoring.behind(0);
  EXPECT_EQ(scored_of(scoring, 1000), 1000);
}

TEST(ScoringShare, FollowsHowLongEventsTake) {
  ScoringShare scoring = share_of();
  scoring.behind(2000);
  EXPECT_NEAR(scoring.share(), 0.5, 1e-6);
  for (int batch = 0; batch < 100; ++batch) scoring.learned(256, 256 * microseconds(50));
  scoring.behind(2000);
  EXPECT_NEAR(scoring.share(), 1, 1e-6);
}

TEST(ScoringShare, OneSlowBatchOfFewEventsHardlyCounts) {
  ScoringShare scoring = share_of();
  scoring.learned(1, milliseconds(20));
  scoring.behind(500);
  EXPECT_EQ(scoring.share(), 1);
}

TEST(ScoringShare, AtLeastAllIsAll) {
  ScoringShare scoring = share_of(1);
  scoring.behind(1'000'000'000);
  EXPECT_EQ(scored_of(scoring, 1000), 1000);
}

TEST(ScoringShare, IsTheSameForEveryTypeEvenIfTypesTakeTurns) {
  for (const int turn : {2, 3, 4, 5, 8, 13}) {
    ScoringShare scoring = share_of();
    scoring.behind(1'000'000);
    std::array<int, 13> scored{};
    for (int i = 0; i < 1000 * turn; ++i) scored[static_cast<std::size_t>(i % turn)] += scoring.next() ? 1 : 0;
    for (int type = 0; type < turn; ++type) EXPECT_NEAR(scored[static_cast<std::size_t>(type)], 250, 10) << turn;
  }
}

}  // namespace
}  // namespace freshet::online

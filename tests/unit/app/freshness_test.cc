// SPDX-License-Identifier: Apache-2.0
#include "app/freshness.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace freshet::app {
namespace {

using namespace std::chrono_literals;

class FreshnessTest : public ::testing::Test {
 protected:
  enum State { ready, warns, not_ready };

  /// The state at the end of `time` with this lag, looked at every second.
  State stays(std::int64_t lag, std::chrono::seconds time) {
    Freshness::Verdict verdict = freshness_.observe(lag);
    for (; time > 0s; time -= 1s) {
      clock_.advance(1s);
      verdict = freshness_.observe(lag);
    }
    return !verdict.problem.empty() ? not_ready : !verdict.warning.empty() ? warns : ready;
  }

  testing::FakeClock clock_{timestamp_from_ms(1'800'000'000'000)};
  Freshness freshness_{clock_, 10s};
};

constexpr std::int64_t kClose = Freshness::kCloseEvents, kFar = kClose + 1;

TEST_F(FreshnessTest, AfterTheStartItHasToCatchUp) {
  EXPECT_EQ(freshness_.observe(kFar).problem, "catching up, 10001 events behind");
  EXPECT_EQ(stays(kFar, 1h), not_ready) << "however long it takes";
  EXPECT_EQ(stays(kClose, 0s), ready);
}

TEST_F(FreshnessTest, EndsOfTheLogThatBecomeKnownOneByOneAreNoBurst) {
  EXPECT_EQ(stays(0, 3s), ready);
  EXPECT_EQ(stays(1'000'000, 0s), not_ready) << "the other partition";
  EXPECT_EQ(stays(0, 9s), ready);
  EXPECT_EQ(stays(kFar, 0s), not_ready);
}

TEST_F(FreshnessTest, WhereTheEndIsKnownOneLookIsEnough) {
  Freshness embedded(clock_, 0s);
  EXPECT_EQ(embedded.observe(kFar).warning, "");
  EXPECT_EQ(embedded.observe(kClose).problem, "");
  EXPECT_EQ(embedded.observe(kFar).warning, "10001 events behind");
}

TEST_F(FreshnessTest, WhileTheEndIsNotKnownNothingIsCaughtUp) {
  for (int second = 0; second < 100; ++second) {
    EXPECT_TRUE(freshness_.observe(std::nullopt).problem.empty()) << "somebody else has the problem";
    clock_.advance(1s);
  }
  EXPECT_EQ(stays(0, 9s), ready);
  EXPECT_EQ(stays(kFar, 0s), not_ready);
  EXPECT_EQ(stays(0, 10s), ready);
  freshness_.observe(std::nullopt);
  EXPECT_EQ(stays(kFar, 0s), warns);
}

TEST_F(FreshnessTest, ABurstIsAWarning) {
  EXPECT_EQ(stays(0, 10s), ready);
  EXPECT_EQ(freshness_.observe(1'000'000).warning, "1000000 events behind");
  EXPECT_EQ(stays(kFar, 299s), warns);
  EXPECT_EQ(stays(kClose, 0s), ready);
}

TEST_F(FreshnessTest, ReadinessDoesNotFlapWithBursts) {
  EXPECT_EQ(stays(0, 10s), ready);
  for (int burst = 0; burst < 1000; ++burst) {
    ASSERT_EQ(stays(20'000, 2s), warns);
    ASSERT_EQ(stays(1'000, 1s), ready);
  }
}

TEST_F(FreshnessTest, WhoIsBehindForMinutesIsNotReadyUntilCloseAgain) {
  EXPECT_EQ(stays(0, 10s), ready);
  EXPECT_EQ(stays(kFar, 299s), warns);
  EXPECT_EQ(stays(kFar, 1s), not_ready);
  EXPECT_EQ(freshness_.observe(kFar).problem, "10001 events behind, for 5 minutes");
  EXPECT_EQ(stays(kClose, 0s), ready);
  EXPECT_EQ(stays(kFar, 1s), warns);
}

TEST_F(FreshnessTest, AWallClockThatIsSetChangesNothing) {
  EXPECT_EQ(stays(0, 10s), ready);
  EXPECT_EQ(stays(kFar, 1s), warns);
  clock_.set(timestamp_from_ms(1'900'000'000'000));
  EXPECT_EQ(stays(kFar, 1s), warns);
  clock_.set(timestamp_from_ms(1'000'000'000'000));
  EXPECT_EQ(stays(kFar, 1s), warns);
}

}  // namespace
}  // namespace freshet::app

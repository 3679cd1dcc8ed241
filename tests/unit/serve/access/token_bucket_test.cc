// SPDX-License-Identifier: Apache-2.0
#include "serve/access/token_bucket.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace freshet::serve {
namespace {

using namespace std::chrono_literals;

const TokenBucket::Clock::time_point kStart{1'000'000s};

TEST(TokenBucket, GivesABurstThenTheRateAndSaysHowLongToWait) {
  TokenBucket bucket(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kStart), 0s);
  EXPECT_EQ(bucket.take(kStart), 100ms);
  EXPECT_EQ(bucket.take(kStart + 40ms), 60ms);
  EXPECT_EQ(bucket.take(kStart + 100ms), 0s);
  EXPECT_EQ(bucket.take(kStart + 100ms), 100ms);
}

TEST(TokenBucket, APauseFillsItToTheBurstAndNoFurther) {
  TokenBucket bucket(10, 3);
  EXPECT_EQ(bucket.take(kStart), 0s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kStart + 1h), 0s);
  EXPECT_GT(bucket.take(kStart + 1h), 0s);
}

TEST(TokenBucket, TakesMoreThanThereIsAndIsInDebtThen) {
  TokenBucket bucket(10, 3);
  EXPECT_EQ(bucket.take(kStart, 13), 0s);
  EXPECT_EQ(bucket.wait(kStart), 1100ms) << "ten missing, and one to go on with";
  EXPECT_EQ(bucket.take(kStart + 1s, 1), 100ms);
  EXPECT_EQ(bucket.wait(kStart + 1s), 100ms) << "neither looking nor being refused costs anything";
  EXPECT_EQ(bucket.wait(kStart + 2s), 0s);
  EXPECT_EQ(bucket.take(kStart + 1100ms, 2), 0s);
  EXPECT_EQ(bucket.wait(kStart + 1100ms), 200ms);
}

TEST(TokenBucket, NoDebtIsForEver) {
  for (const double rate : {1e-300, 1e-6, 1.0, 1e8}) {
    TokenBucket bucket(rate, 1e6);
    EXPECT_EQ(bucket.take(kStart, ~std::uint64_t{0}), 0s);
    EXPECT_GE(bucket.take(kStart, ~std::uint64_t{0}), 0s);
    EXPECT_LT(bucket.wait(kStart), std::chrono::hours(24 * 365 * 64)) << rate;
    EXPECT_EQ(bucket.wait(kStart + std::chrono::hours(24 * 365 * 64)), 0s) << rate;
  }
}

TEST(TokenBucket, ThreadsTogetherGetNoMoreThanOne) {
  TokenBucket bucket(1, 100);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) taken += bucket.take(kStart) == 0s;
      });
    }
  }
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace freshet::serve

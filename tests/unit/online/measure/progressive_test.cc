// SPDX-License-Identifier: Apache-2.0
#include "online/measure/progressive.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(ProgressiveValidation, AveragesHitsReciprocalRanksAndGains) {
  ProgressiveValidation validation(2);
  validation.record(0, 1);
  validation.record(0, 3);
  validation.record(0, 21);
  validation.record(0, std::nullopt);
  const Quality quality = validation.quality(0);
  EXPECT_DOUBLE_EQ(quality.events, 4);
  EXPECT_DOUBLE_EQ(quality.hit_rate, 0.5);
  EXPECT_DOUBLE_EQ(quality.mrr, (1.0 + 1.0 / 3) / 4);
  EXPECT_DOUBLE_EQ(quality.ndcg, (1.0 + 0.5) / 4);
  EXPECT_DOUBLE_EQ(validation.quality(1).events, 0);
}

TEST(ProgressiveValidation, RecentFiguresFollowAChange) {
  ProgressiveValidation validation(1);
  for (int i = 0; i < 100'000; ++i) validation.record(0, std::nullopt);
  for (int i = 0; i < 30'000; ++i) validation.record(0, 1);
  EXPECT_NEAR(validation.quality(0).hit_rate, 0.23, 0.01);
  EXPECT_GT(validation.quality(0).recent_hit_rate, 0.9);
}

TEST(ProgressiveValidation, TheBlendsAdvantageIsOverItsBestPartAndFollowsAChange) {
  ProgressiveValidation validation(3);
  const auto advantage = [&] {
    return blend_advantage(std::vector{validation.quality(0), validation.quality(1), validation.quality(2)});
  };
  EXPECT_EQ(advantage(), 0);
  for (int i = 0; i < 40'000; ++i) {
    validation.record(0, 4);
    validation.record(1, 2);
    validation.record(2, 1);
  }
  EXPECT_NEAR(advantage(), 0.5, 1e-6);
  for (int i = 0; i < 40'000; ++i) {
    validation.record(0, 2);
    validation.record(1, std::nullopt);
    validation.record(2, 4);
  }
  EXPECT_NEAR(advantage(), -0.25, 0.02);
}

TEST(ProgressiveValidation, GoesOnAfterSaveAndLoad) {
  ProgressiveValidation first(2);
  first.record(0, 4);
  first.record(1, std::nullopt);
  constexpr std::array<std::size_t, 2> kBoth{0, 1};
  const auto saved = [&](const ProgressiveValidation& validation) {
    std::string bytes;
    ByteWriter out(bytes);
    validation.save(out, kBoth);
    return bytes;
  };
  const std::string bytes = saved(first);
  ProgressiveValidation second(2);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in, kBoth));
  first.record(0, 2);
  second.record(0, 2);
  EXPECT_EQ(saved(second), saved(first));
  ByteReader truncated(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_FALSE(second.load(truncated, kBoth));
}

}  // namespace
}  // namespace freshet::online

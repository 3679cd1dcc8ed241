// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/scan_tuner.h"

#include <gtest/gtest.h>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(ScanTuner, ReadsMoreRowsUntilScansMissNoMoreThanTheTarget) {
  ScanTuner tuner(100);
  const std::size_t before = tuner.rows();
  // The share that is missed falls as the number of rows read grows: 250 / rows, which is 0.007 at about 35,700 rows.
  for (int i = 0; i < 2000; ++i) tuner.record(std::min(1.0, 250 / static_cast<double>(tuner.rows())), 1'000'000);
  EXPECT_GT(tuner.rows(), before);
  EXPECT_NEAR(250 / static_cast<double>(tuner.rows()), 0.007, 0.001);
  EXPECT_NEAR(tuner.recall(), 0.99, 0.01);
}

TEST(ScanTuner, ReadsFewerRowsWhileNothingIsMissedButNeverFewerThanTheLeast) {
  ScanTuner tuner(100);
  const std::size_t before = tuner.rows();
  tuner.record(0, 1'000'000);
  EXPECT_LT(tuner.rows(), before);
  for (int i = 0; i < 10'000; ++i) tuner.record(0, 1'000'000);
  EXPECT_EQ(tuner.rows(), 100U);
}

TEST(ScanTuner, ReadsNoMoreRowsThanThereAre) {
  ScanTuner tuner(100);
  for (int i = 0; i < 1000; ++i) tuner.record(1, 5000);
  EXPECT_EQ(tuner.rows(), 5000U);
  EXPECT_LT(tuner.recall(), 0.01);
}

TEST(ScanTuner, GoesOnAfterALoadAsIfNeverStopped) {
  ScanTuner tuner(100), loaded(100);
  for (int i = 0; i < 700; ++i) {
    if (tuner.is_due()) tuner.record(0.3, 5000);
  }
  const std::string bytes = testing::saved(tuner);
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_EQ(testing::saved(loaded), bytes);
  for (int i = 0; i < 700; ++i) ASSERT_EQ(loaded.is_due(), tuner.is_due()) << i;
  ByteReader damaged(std::string_view(bytes).substr(0, 10));
  EXPECT_FALSE(loaded.load(damaged));
}

}  // namespace
}  // namespace freshet::online

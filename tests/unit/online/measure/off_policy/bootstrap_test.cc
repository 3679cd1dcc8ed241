// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace freshet::online {
namespace {

TEST(Bootstrap, AnIntervalLeavesTheSameShareOnBothSides) {
  std::vector<double> values(101);
  std::iota(values.rbegin(), values.rend(), 0.0);
  const Interval interval = percentile_interval(values, 0.9);
  EXPECT_DOUBLE_EQ(interval.low, 5);
  EXPECT_DOUBLE_EQ(interval.high, 95);
  EXPECT_DOUBLE_EQ(percentile_interval({1, 2}, 0.5).low, 1.25);
}

TEST(Bootstrap, TheSpreadOfAMeanIsItsStandardError) {
  ClusterRatio ratio;
  for (int i = 0; i < 400; ++i) {
    ratio.numerators.push_back(i % 2);
    ratio.denominators.push_back(1);
  }
  const auto values = bootstrap({ratio}, 4000, 1).front();
  double mean = 0, square = 0;
  for (const double value : values) mean += value / 4000;
  for (const double value : values) square += (value - mean) * (value - mean) / 4000;
  EXPECT_NEAR(mean, 0.5, 0.002);
  EXPECT_NEAR(std::sqrt(square), 0.5 / 20, 0.001);
}

TEST(Bootstrap, AllRatiosAreOfTheSameResamples) {
  const ClusterRatio one{{1, 2, 3}, {1, 1, 1}}, twice{{2, 4, 6}, {1, 1, 1}}, ratio{{1, 2, 3}, {2, 4, 6}};
  const auto values = bootstrap({one, twice, ratio}, 100, 7);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_DOUBLE_EQ(values[1][i], 2 * values[0][i]);
    EXPECT_DOUBLE_EQ(values[2][i], 0.5);
  }
  EXPECT_EQ(values, bootstrap({one, twice, ratio}, 100, 7));
  EXPECT_NE(values, bootstrap({one, twice, ratio}, 100, 8));
}

TEST(Bootstrap, ARatioToNothingCountsAsNothing) { EXPECT_EQ(bootstrap({{{1}, {0}}}, 1, 1).front().front(), 0); }

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/two_means.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace freshet::online {
namespace {

using Numbers = std::vector<std::uint32_t>;

std::vector<std::uint32_t> halves(const std::vector<float>& points, std::size_t width) {
  std::vector<float> mean(width);
  const std::size_t size = points.size() / width;
  for (std::size_t i = 0; i < points.size(); ++i) mean[i % width] += points[i] / static_cast<float>(size);
  return two_means(points, width, mean);
}

TEST(TwoMeans, SeparatesTwoClusters) {
  constexpr std::size_t kWidth = 17, kSize = 80;
  Random random(1);
  std::vector<float> points;
  Numbers there;
  for (std::uint32_t n = 0; n < kSize; ++n) {
    const bool far = random.uniform() < 0.5;
    if (far) there.push_back(n);
    for (std::size_t i = 0; i < kWidth; ++i) {
      points.push_back(static_cast<float>(random.uniform()) + (far && i == 3 ? 5.0F : 0.0F));
    }
  }
  Numbers here;
  for (std::uint32_t n = 0; n < kSize; ++n) {
    if (std::find(there.begin(), there.end(), n) == there.end()) here.push_back(n);
  }
  const Numbers half = halves(points, kWidth);
  EXPECT_TRUE(half == there || half == here);
}

TEST(TwoMeans, NoHalfHasLessThanAQuarter) {
  std::vector<float> points(64, 0.0F);
  points[7] = 100;  // an outlier
  const std::size_t half = halves(points, 1).size();
  EXPECT_GE(half, 16U);
  EXPECT_LE(half, 48U);
}

TEST(TwoMeans, TakesPointsThatAreNotFinite) {
  std::vector<float> points(64);
  std::iota(points.begin(), points.end(), 0.0F);
  points[3] = NAN;
  points[9] = INFINITY;
  EXPECT_GE(halves(points, 2).size(), 8U);
}

}  // namespace
}  // namespace freshet::online

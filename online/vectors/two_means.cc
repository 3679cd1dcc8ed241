// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/two_means.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "online/kernels/kernels.h"

namespace freshet::online {
namespace {

constexpr int kLloydSteps = 4;

struct Points {
  std::span<const float> values;
  std::size_t width;

  std::size_t size() const { return values.size() / width; }
  std::span<const float> operator[](std::size_t n) const { return values.subspan(n * width, width); }
};

std::span<const float> farthest_from(std::span<const float> point, const Points& points) {
  std::size_t farthest = 0;
  float distance = -1;
  for (std::size_t n = 0; n < points.size(); ++n) {
    float sum = 0;
    for (std::size_t i = 0; i < points.width; ++i) sum += (points[n][i] - point[i]) * (points[n][i] - point[i]);
    if (sum > distance) {
      farthest = n;
      distance = sum;
    }
  }
  return points[farthest];
}

/// Sorts the points into `order` by how much nearer they are to `right` than to `left`. Returns how many are nearer to
/// `left`.
std::size_t order_between(const Points& points, std::span<const float> left, std::span<const float> right,
                          std::vector<std::uint32_t>& order) {
  std::vector<float> axis(points.width), along(points.size());
  for (std::size_t i = 0; i < points.width; ++i) axis[i] = right[i] - left[i];
  const float middle = (squared(right) - squared(left)) / 2;
  for (std::size_t n = 0; n < points.size(); ++n) {
    const float value = dot(points[n].data(), axis.data(), points.width) - middle;
    along[n] = std::isnan(value) ? 0.0F : value;  // NaN, from a damaged checkpoint, cannot be sorted
  }
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t n) { return along[n]; });
  return static_cast<std::size_t>(std::ranges::count_if(along, [](float value) { return value < 0; }));
}

void take_mean(const Points& points, std::span<const std::uint32_t> of, std::vector<float>& mean) {
  std::ranges::fill(mean, 0.0F);
  const float share = 1.0F / static_cast<float>(of.size());
  for (const std::uint32_t n : of) {
    for (std::size_t i = 0; i < points.width; ++i) mean[i] += share * points[n][i];
  }
}

}  // namespace

std::vector<std::uint32_t> two_means(std::span<const float> values, std::size_t width, std::span<const float> mean) {
  const Points points{values, width};
  const std::size_t size = points.size();
  const auto left_end = farthest_from(mean, points), right_end = farthest_from(left_end, points);
  std::vector<float> left(left_end.begin(), left_end.end()), right(right_end.begin(), right_end.end());
  std::vector<std::uint32_t> order(size);
  std::size_t cut = 0;
  for (int step = 0; step < kLloydSteps; ++step) {
    if (step > 0) {
      take_mean(points, std::span(order).first(cut), left);
      take_mean(points, std::span(order).subspan(cut), right);
    }
    cut = std::clamp(order_between(points, left, right, order), size / 4, size - size / 4);
  }
  order.erase(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(cut));
  std::ranges::sort(order);
  return order;
}

}  // namespace freshet::online

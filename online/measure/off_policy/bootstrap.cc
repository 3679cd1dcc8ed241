// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/random.h"

namespace freshet::online {
namespace {

double quantile(const std::vector<double>& sorted, double probability) {
  const double at = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

}  // namespace

double ClusterRatio::value() const {
  return std::accumulate(numerators.begin(), numerators.end(), 0.0) /
         std::accumulate(denominators.begin(), denominators.end(), 0.0);
}

std::vector<std::vector<double>> bootstrap(const std::vector<ClusterRatio>& ratios, std::size_t resamples,
                                           std::uint64_t seed) {
  FRESHET_CHECK(!ratios.empty() && !ratios.front().numerators.empty());
  const std::size_t clusters = ratios.front().numerators.size();
  std::vector<std::vector<double>> values(ratios.size(), std::vector<double>(resamples));
  std::vector<double> times(clusters);
  Random random(seed);
  for (std::size_t resample = 0; resample < resamples; ++resample) {
    std::ranges::fill(times, 0.0);
    for (std::size_t i = 0; i < clusters; ++i) ++times[random.below(clusters)];
    for (std::size_t ratio = 0; ratio < ratios.size(); ++ratio) {
      const auto sum = [&](const std::vector<double>& of_clusters) {
        return std::inner_product(times.begin(), times.end(), of_clusters.begin(), 0.0);
      };
      const double denominator = sum(ratios[ratio].denominators);
      values[ratio][resample] = denominator > 0 ? sum(ratios[ratio].numerators) / denominator : 0;
    }
  }
  return values;
}

Interval percentile_interval(std::vector<double> values, double level) {
  std::ranges::sort(values);
  return {quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)};
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace freshet::online {

struct Interval {
  double low = 0, high = 0;
};

/// One quantity, as a ratio of sums over clusters: sum of numerators / sum of denominators.
struct ClusterRatio {
  std::vector<double> numerators, denominators;  ///< of each cluster

  double value() const;
};

/// The bootstrap distribution of several ratios over the same clusters: clusters are drawn with replacement, all that
/// belongs to one at a time. A ratio to 0 counts as 0. [ratio][resample]
/// Cost: resamples x clusters x ratios.
/// REQUIRES: at least one cluster.
std::vector<std::vector<double>> bootstrap(const std::vector<ClusterRatio>& ratios, std::size_t resamples,
                                           std::uint64_t seed);

/// The interval that leaves (1 - level) / 2 of the values on either side.
/// REQUIRES: at least one value.
Interval percentile_interval(std::vector<double> values, double level);

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/model/influence.h"

#include <cmath>
#include <cstddef>
#include <numeric>

namespace freshet::online {

std::vector<double> influence_of_parts(const Snapshot& snapshot) {
  const BlenderWeights& weights = *snapshot.blender;
  const std::size_t inputs = weights.inputs;
  std::vector<float> candidates;  // the average candidate, then two per feature
  candidates.reserve((1 + 2 * inputs) * inputs);
  for (std::size_t row = 0; row < 1 + 2 * inputs; ++row) {
    candidates.insert(candidates.end(), weights.mean.begin(), weights.mean.end());
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    const float deviation = 1.0F / weights.inverse_deviation[i];
    candidates[(1 + 2 * i) * inputs + i] += deviation;
    candidates[(2 + 2 * i) * inputs + i] -= deviation;
  }
  std::vector<float> scores(1 + 2 * inputs);
  weights.score(candidates, scores);

  std::vector<double> shares;
  std::size_t feature = 0;
  for (const auto& part : snapshot.parts) {
    double moved = 0;
    for (const std::size_t end = feature + part->features().size(); feature < end; ++feature) {
      moved += std::abs(static_cast<double>(scores[1 + 2 * feature] - scores[0]));
      moved += std::abs(static_cast<double>(scores[2 + 2 * feature] - scores[0]));
    }
    shares.push_back(moved);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (total > 0) {
    for (double& share : shares) share /= total;
  }
  return shares;
}

}  // namespace freshet::online

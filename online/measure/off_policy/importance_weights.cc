// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/importance_weights.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

struct Cluster {
  double weight = 0, rounds = 0;
};

void summarize(const LoggedFeedback& log, const std::vector<std::uint32_t>& cluster_of_list,
               ImportanceWeights& result) {
  std::vector<Cluster> clusters(log.lists.size());
  const double rounds = static_cast<double>(log.rounds.size());
  for (std::size_t index = 0; index < log.lists.size(); ++index) {
    const LoggedList& list = log.lists[index];
    Cluster& cluster = clusters[cluster_of_list[index]];
    cluster.rounds += static_cast<double>(list.rounds);
    for (std::size_t i = 0; i < list.rounds; ++i) {
      cluster.weight += result.raw[list.first_round + i];
      result.mean += result.raw[list.first_round + i] / rounds;
    }
  }
  double sum = 0, squares = 0, squared_deviations = 0;
  for (const Cluster& cluster : clusters) {
    sum += cluster.weight;
    squares += cluster.weight * cluster.weight;
    const double deviation = cluster.weight - result.mean * cluster.rounds;
    squared_deviations += deviation * deviation;
  }
  result.effective = squares > 0 ? sum * sum / squares : 0;
  result.mean_error = std::sqrt(squared_deviations) / rounds;
}

}  // namespace

ImportanceWeights importance_weights(const LoggedFeedback& log, const CandidatePolicy& candidate, PropensityKind kind,
                                     double max_weight, const std::vector<std::uint32_t>& cluster_of_list) {
  ImportanceWeights result;
  double sum = 0, lost = 0;
  double above = 1;
  for_each_choice(log, kind, [&](std::size_t, const Choice& choice) {
    if (choice.above.empty()) above = 1;
    const double weight = above * candidate.probability(choice) / choice.round.propensity;
    result.above.push_back(above);
    result.raw.push_back(weight);
    result.weights.push_back(std::min(weight, max_weight));
    result.largest = std::max(result.largest, weight);
    result.clipped += weight > max_weight ? 1 : 0;
    sum += weight;
    lost += weight - result.weights.back();
    above = weight;
  });
  result.clipped_share = sum > 0 ? lost / sum : 0;
  summarize(log, cluster_of_list, result);
  return result;
}

}  // namespace freshet::online

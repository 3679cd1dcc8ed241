#include "online/measure/off_policy/importance_weights.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

void summarize_lists(const LoggedFeedback& log, ImportanceWeights& result) {
  double sum = 0, squares = 0, squared_deviations = 0;
  const double rounds = static_cast<double>(log.rounds.size());
  for (const double weight : result.raw) result.mean += weight / rounds;
  for (const LoggedList& list : log.lists) {
    double weight = 0;
    for (std::size_t i = 0; i < list.rounds; ++i) weight += result.raw[list.first_round + i];
    sum += weight;
    squares += weight * weight;
    const double deviation = weight - result.mean * static_cast<double>(list.rounds);
    squared_deviations += deviation * deviation;
  }
  result.effective_lists = squares > 0 ? sum * sum / squares : 0;
  result.mean_error = std::sqrt(squared_deviations) / rounds;
}

}  // namespace

ImportanceWeights importance_weights(const LoggedFeedback& log, const CandidatePolicy& candidate, PropensityKind kind,
                                     double max_weight) {
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
  summarize_lists(log, result);
  return result;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/anytime_interval.h"

#include <algorithm>
#include <cmath>

#include "online/measure/off_policy/confidence_sequence.h"

namespace freshet::online {
namespace {

/// Both bounds of the reward per list, from lists one by one. Inside, rewards are in units of the largest reward that a
/// list could have.
class Bounds {
 public:
  Bounds(const LoggedFeedback& log, const AnytimeAssumptions& assumptions)
      : low_(assumptions.alpha / 2, 0), missed_(assumptions.alpha / 2, 1) {
    for (const LoggedList& list : log.lists) positions_ = std::max(positions_, static_cast<double>(list.rounds));
    unit_ = positions_ * assumptions.max_reward;
  }

  double positions() const { return positions_; }  ///< of the longest list

  /// `earned`: an unbiased estimate of the candidate's reward for the list, not below -below units.
  void add_earned(double earned, double below) { low_.add(earned / unit_, below); }
  /// `missed`: the same of the largest reward minus that.
  void add_missed(double missed, double below) { missed_.add(missed / unit_, below); }

  /// `low_slack`, `high_slack`: by how many units the estimates may be biased.
  Interval interval(double low_slack, double high_slack) const {
    return {unit_ * std::max(0.0, low_.lower() - low_slack), unit_ * std::min(1.0, 1 - missed_.lower() + high_slack)};
  }

  double unit() const { return unit_; }

 private:
  LowerConfidenceSequence low_, missed_;
  double positions_ = 1;
  double unit_ = 1;
};

}  // namespace

Interval anytime_ips(const LoggedFeedback& log, const ImportanceWeights& weights,
                     const AnytimeAssumptions& assumptions) {
  Bounds bounds(log, assumptions);
  const bool bounded = std::isfinite(assumptions.largest_weight);
  for (const LoggedList& list : log.lists) {
    double earned = 0, missed = assumptions.max_reward * (bounds.positions() - static_cast<double>(list.rounds));
    for (std::size_t i = list.first_round; i < list.first_round + list.rounds; ++i) {
      earned += weights.raw[i] * log.rounds[i].reward;
      missed += weights.raw[i] * (assumptions.max_reward - log.rounds[i].reward);
    }
    bounds.add_earned(earned, 0);
    if (bounded) {
      bounds.add_missed(bounds.unit() - earned, std::max(0.0, assumptions.largest_weight - 1));
    } else {
      bounds.add_missed(missed, 0);
    }
  }
  return bounds.interval(0, bounded ? assumptions.uncovered : 0);
}

Interval anytime_dr(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions,
                    const AnytimeAssumptions& assumptions) {
  Bounds bounds(log, assumptions);
  for (const LoggedList& list : log.lists) {
    double earned = 0;
    for (std::size_t i = list.first_round; i < list.first_round + list.rounds; ++i) {
      earned += predictions.expected[i] + weights.raw[i] * (log.rounds[i].reward - predictions.own[i]);
    }
    const double prediction = predictions.largest[list.first_round] / assumptions.max_reward;
    bounds.add_earned(earned, assumptions.largest_weight * prediction);
    bounds.add_missed(bounds.unit() - earned, assumptions.largest_weight);
  }
  return bounds.interval(assumptions.uncovered, assumptions.uncovered);
}

}  // namespace freshet::online

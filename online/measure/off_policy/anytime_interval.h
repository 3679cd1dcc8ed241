// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "online/measure/off_policy/bootstrap.h"
#include "online/measure/off_policy/importance_weights.h"
#include "online/measure/off_policy/logged_feedback.h"
#include "online/measure/off_policy/reward_predictions.h"

namespace freshet::online {

/// What an anytime-valid interval takes as given, because the data cannot say it.
struct AnytimeAssumptions {
  double alpha = 0.05;        ///< the probability that the interval ever misses the value
  double max_reward = 1;      ///< of a round; the least is 0
  double largest_weight = 0;  ///< no weight can be larger; infinity: unknown
  double uncovered = 0;       ///< share of the candidate's actions that the logging policy never takes
};

/// The interval of the reward per list that all lists together leave, in their order, by importance weights. The upper end
/// is much better if the largest weight is known: without it, it is the bound of the rewards that were missed, whose noise
/// is that of the weights.
/// REQUIRES: rewards are from 0 to max_reward.
Interval anytime_ips(const LoggedFeedback& log, const ImportanceWeights& weights,
                     const AnytimeAssumptions& assumptions);

/// By doubly robust terms.
/// REQUIRES: a finite largest_weight, no clipping, and predictions that depend on earlier lists only.
Interval anytime_dr(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions,
                    const AnytimeAssumptions& assumptions);

}  // namespace freshet::online

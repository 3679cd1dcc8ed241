// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/measure/off_policy/candidate_policy.h"
#include "online/measure/off_policy/choice.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

/// How much more often the candidate does what the logging policy did, per round.
struct ImportanceWeights {
  std::vector<double> weights;  ///< clipped, if asked for
  std::vector<double> raw;      ///< not clipped
  std::vector<double> above;    ///< raw weight of the actions above the round's own; 1 without any
  std::size_t clipped = 0;      ///< rounds
  double clipped_share = 0;     ///< of the sum of raw weights, lost by clipping
  double largest = 0;           ///< of the raw weights
  double mean = 0;        ///< of the raw weights; 1 but for chance if the logging policy does all the candidate does
  double mean_error = 0;  ///< its standard error
  double effective =
      0;  ///< effective sample size: (sum of weights)^2 / (sum of squares), over clusters, of raw weights
};

/// With step propensities the weight of a round is the product of the ratios down to it: the reward may then depend on all
/// of the list above (reward interaction IPS; McInerney et al.: Counterfactual evaluation of slate recommendations with
/// sequential reward interactions, KDD 2020). With marginal ones it is the ratio of the round alone: the reward may depend
/// on the action and its position only.
/// `cluster_of_list`: clusters_of(log).
/// REQUIRES: propensities in (0, 1].
ImportanceWeights importance_weights(const LoggedFeedback& log, const CandidatePolicy& candidate, PropensityKind kind,
                                     double max_weight, const std::vector<std::uint32_t>& cluster_of_list);

}  // namespace freshet::online

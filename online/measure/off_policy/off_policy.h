// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "online/measure/off_policy/bootstrap.h"
#include "online/measure/off_policy/candidate_policy.h"
#include "online/measure/off_policy/choice.h"
#include "online/measure/off_policy/importance_weights.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

struct OffPolicyOptions {
  PropensityKind propensities = PropensityKind::marginal;
  double level = 0.95;           ///< of the intervals
  std::size_t resamples = 1000;  ///< of the bootstrap
  std::uint64_t seed = 1;
  double max_weight = std::numeric_limits<double>::infinity();  ///< larger weights are clipped
  std::optional<double> lambda;                                 ///< of DRos; nullopt: chosen from the data
  std::size_t folds = 5;                                        ///< of the reward model
  bool recorded_candidate = false;                              ///< the candidate is make_recorded_policy()
  bool recorded_predictions = false;  ///< the log has predictions, which replace the reward model
  double max_reward = 1;              ///< of a round; confidence sequences hold for rewards from 0 to this
  double least_propensity = 0;        ///< the logging policy gives no action a smaller one, unless none; 0: unknown
  double max_uncovered = 0.05;        ///< share of the candidate's actions that the logging policy may never take
  double min_effective = 30;          ///< effective sample size, in clusters
};

/// One estimator's answer.
struct OffPolicyEstimate {
  std::string name;
  double value = 0;                    ///< reward per list
  std::optional<Interval> bootstrap;   ///< of the value
  std::optional<Interval> difference;  ///< of the value minus the logging policy's, by the same resamples
  std::optional<Interval> anytime;     ///< of the value, valid at all times at once
};

struct OffPolicyResult {
  std::vector<std::string> refusals;  ///< why the log cannot say; without any there are estimates

  std::size_t lists = 0, rounds = 0, clusters = 0;
  double logged_value = 0;  ///< mean reward of a list under the logging policy
  Interval logged;
  std::vector<OffPolicyEstimate> estimates;
  ImportanceWeights weights;
  double uncovered = 0;            ///< share of the candidate's actions that the logging policy never takes
  std::optional<double> lambda;    ///< of DRos
  std::vector<std::string> notes;  ///< what a reader must know about the estimates
};

/// The value of the candidate, estimated from what another policy did and earned (docs/off_policy.md).
/// Cost: rounds x actions for the reward model, resamples x clusters for the bootstrap.
OffPolicyResult estimate_off_policy(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                    const OffPolicyOptions& options);

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "online/measure/off_policy/candidate_policy.h"
#include "online/measure/off_policy/choice.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

/// What reward models say about every round of a log.
struct RewardPredictions {
  std::vector<double> own;       ///< reward of the round's own action
  std::vector<double> expected;  ///< mean over the candidate's actions at the round
  std::vector<double> largest;   ///< of any action, by the model that predicted the round; empty if recorded
};

/// Predictions for doubly robust estimates: a model for each of `folds` groups of clusters, fitted to the others, so no
/// reward enters a prediction for its own cluster. `cluster_of_list`: lists that are not independent have the same one.
/// Nullopt if the candidate knows the probability of logged actions only.
std::optional<RewardPredictions> cross_fitted_predictions(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                                          PropensityKind kind,
                                                          const std::vector<std::uint32_t>& cluster_of_list,
                                                          std::size_t folds, std::uint64_t seed);

/// Predictions for confidence sequences: a round is predicted by a model of earlier lists. The log is cut into pieces, each
/// twice as long as those before it together; the first is predicted as 0.
/// Nullopt as above.
std::optional<RewardPredictions> forward_predictions(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                                     PropensityKind kind);

/// The predictions that the log itself has; nullopt if a round has none.
std::optional<RewardPredictions> recorded_predictions(const LoggedFeedback& log);

/// The share of the candidate's actions that the log never has at their position, mean over rounds.
/// Nullopt as above.
std::optional<double> never_logged_share(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                         PropensityKind kind);

}  // namespace freshet::online

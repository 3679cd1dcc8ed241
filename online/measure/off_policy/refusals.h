// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "online/measure/off_policy/importance_weights.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

struct OffPolicyOptions;

/// Why no estimate can be made from the log, one line each: too little in it, or propensities that are none.
std::vector<std::string> log_refusals(const LoggedFeedback& log);

/// Why no estimate can be made for the candidate.
/// REQUIRES: log_refusals() is empty.
std::vector<std::string> candidate_refusals(const LoggedFeedback& log, const ImportanceWeights& weights,
                                            double uncovered, const OffPolicyOptions& options);

}  // namespace freshet::online

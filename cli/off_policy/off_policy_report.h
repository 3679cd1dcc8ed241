// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "online/measure/off_policy/off_policy.h"

namespace freshet::cli {

/// What a report says about a run of `freshet ope`, beside its OffPolicyResult.
struct OffPolicyRun {
  std::string log;        ///< names of the files
  std::string candidate;  ///< as on the command line
  std::string logger;     ///< the logging policies, as the log names them
  std::size_t items = 0, positions = 0;
  std::size_t learned_lists = 0;  ///< lists that the candidate was learned from; they are not among those evaluated
  double level = 0.95;
  double max_weight = 0;  ///< infinity: not clipped
  std::uint64_t seed = 0;
};

/// The report as JSON. The format is documented in docs/off_policy.md and stable.
/// REQUIRES: no refusals
std::string off_policy_json(const OffPolicyRun& run, const online::OffPolicyResult& result);

/// The report as text: a table of the estimators, then what is known of the weights.
/// REQUIRES: no refusals
std::string off_policy_text(const OffPolicyRun& run, const online::OffPolicyResult& result);

}  // namespace freshet::cli

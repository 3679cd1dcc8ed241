// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "online/measure/off_policy/candidate_policy.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::cli {

/// --policy of `freshet ope`, parsed.
struct CandidateOption {
  enum class Kind { uniform, logged, popular, softmax, column };
  Kind kind = Kind::uniform;
  std::string name;        ///< of logged: a policy of the log; of column: a column
  double temperature = 0;  ///< of softmax, in units of reward
};

/// Errors: invalid, with the policies there are.
Result<CandidateOption> parse_candidate(const std::string& text);

/// A candidate and what it is evaluated on, which it was not learned from.
struct CandidateOnLog {
  std::unique_ptr<online::CandidatePolicy> policy;
  online::LoggedFeedback log;
  std::size_t learned_lists = 0;
};

/// `logger`: only lists of this policy are evaluated; empty: all, except those of a logged candidate.
/// `learn_share`: of these lists, the earliest that a candidate learns from if it must learn from the same policy's.
/// Errors: invalid: a policy that is not in the log.
Result<CandidateOnLog> make_candidate(const online::LoggedFeedback& log, const CandidateOption& option,
                                      const std::string& logger, double learn_share);

}  // namespace freshet::cli

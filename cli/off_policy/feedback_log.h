// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::cli {

/// How to read a log of what a policy did and what it earned.
struct FeedbackFormat {
  /// Names of the columns of a TSV or CSV file whose first line does not name them, in file order: list, owner, item,
  /// time, position, propensity, least_propensity, policy, reward, type, another name that an option mentions, or "-" to
  /// ignore a column. Not used for JSON lines.
  std::vector<std::string> columns{"-", "item", "time", "type", "propensity", "position", "policy"};
  std::string placement, arm;  ///< served lists of others are left out; empty: all are read
  /// Rewards by event type, where the log has no reward itself. Other types have none.
  std::map<std::string, double> rewards{{"click", 1.0}};
  /// Columns, or members of an item in JSON lines, with what other programs computed; empty: none.
  std::string candidate;            ///< probability of the logged action under the candidate
  std::string prediction;           ///< predicted reward of the logged action
  std::string expected_prediction;  ///< mean predicted reward over the candidate's actions
};

/// Parses "list,item,time,-,propensity".
/// Errors: invalid, naming the column.
Result<std::vector<std::string>> parse_feedback_columns(const std::string& text, const FeedbackFormat& format);

/// Reads logs, one after another, as docs/off_policy.md defines them: lists as JSON lines, or a TSV or CSV table with a
/// row for each round. Lists are then in order of time, if all have one.
/// Errors: invalid, naming the file and the line: a log is read as a whole or not at all, because an estimate without some
///         of its rounds would be wrong. Unavailable or corrupt, naming the file. A missing propensity and one that cannot
///         be are no errors here.
Result<online::LoggedFeedback> read_feedback_log(const std::vector<std::string>& files, const FeedbackFormat& format);

}  // namespace freshet::cli

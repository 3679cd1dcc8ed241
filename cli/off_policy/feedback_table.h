// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/off_policy/feedback_builder.h"
#include "cli/off_policy/feedback_log.h"

namespace freshet::cli {

/// Rows of a TSV or CSV log, a round each.
/// Threads: one.
/// Errors:  invalid, with a reason that does not name the line.
class FeedbackTable {
 public:
  explicit FeedbackTable(const FeedbackFormat& format) : format_(format), columns_(format.columns) {}

  /// Takes the names of the columns from the first row, if it has names; false if it is a round already.
  Result<bool> take_header(const std::vector<std::string>& fields);

  Result<void> take(const std::vector<std::string>& fields, std::uint64_t line, FeedbackBuilder& builder) const;

 private:
  const FeedbackFormat& format_;
  std::vector<std::string> columns_;
};

/// One list as a JSON object.
/// Errors: invalid, with a reason that does not name the line.
Result<void> take_served_list(std::string_view text, std::uint64_t line, const FeedbackFormat& format,
                              FeedbackBuilder& builder);

}  // namespace freshet::cli

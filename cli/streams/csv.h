// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::cli {

/// The fields of a CSV record (RFC 4180: a field may be quoted; quotes inside are doubled).
/// Errors: invalid, if a quoted field is not closed.
Result<std::vector<std::string>> split_csv(std::string_view record);

/// The names that `text` lists with commas between them. A name may be empty.
std::vector<std::string> split_names(std::string_view text);

/// Finds where a CSV record ends: at a line break that is not in quotes. A quote that nothing closes within kMaxLines
/// and `most` bytes is a fault of its own line only: the record then ends with that line.
/// Cost: looks at every byte once, however many pieces the text arrives in; at most kMaxLines times if each line has a
///       quote that is not closed.
class CsvRecordEnd {
 public:
  explicit CsvRecordEnd(std::size_t most) : most_(most) {}

  /// The index of the line break behind the record that `text` begins with; npos: more text is needed, or, if this is
  /// all (`last`), the record is all of it. `text` begins as in the call before if that returned npos, else behind the
  /// line break that it returned.
  std::size_t find(std::string_view text, bool last);

 private:
  static constexpr std::size_t kMaxLines = 100;

  enum class State { field_begins, plain, quoted, quote_in_quoted };

  void step(char c);
  std::size_t ends(std::size_t at);

  std::size_t most_;
  State state_ = State::field_begins;
  std::size_t seen_ = 0;
  std::size_t lines_ = 0;  // breaks in quotes
  std::size_t first_break_ = std::string_view::npos;
};

}  // namespace freshet::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/csv.h"

#include <algorithm>

namespace freshet::cli {

Result<std::vector<std::string>> split_csv(std::string_view record) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < record.size(); ++i) {
    if (record[i] == ',') {
      fields.emplace_back();
    } else if (record[i] == '"' && fields.back().empty()) {
      for (++i; i < record.size() && !(record[i] == '"' && (i + 1 == record.size() || record[i + 1] != '"')); ++i) {
        if (record[i] == '"') ++i;
        fields.back() += record[i];
      }
      if (i == record.size()) return Error{Errc::invalid, "a quoted field is not closed"};
    } else {
      fields.back() += record[i];
    }
  }
  return fields;
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    names.emplace_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

void CsvRecordEnd::step(char c) {
  if (state_ == State::quoted) {
    if (c == '"') state_ = State::quote_in_quoted;
  } else if (c == '"' && state_ == State::quote_in_quoted) {
    state_ = State::quoted;  // doubled
  } else if (c == '"' && state_ == State::field_begins) {
    state_ = State::quoted;
  } else {
    state_ = c == ',' ? State::field_begins : State::plain;
  }
}

/// The result of find(); the next call is for the record behind it.
std::size_t CsvRecordEnd::ends(std::size_t at) {
  *this = CsvRecordEnd(most_);
  return at;
}

std::size_t CsvRecordEnd::find(std::string_view text, bool last) {
  for (; seen_ < text.size(); ++seen_) {
    if (text[seen_] != '\n') {
      step(text[seen_]);
    } else if (state_ != State::quoted) {
      return ends(seen_);
    } else {
      first_break_ = std::min(first_break_, seen_);
      if (++lines_ >= kMaxLines) return ends(first_break_);
    }
  }
  if (!last && seen_ <= most_) return std::string_view::npos;
  return ends(state_ == State::quoted ? first_break_ : std::string_view::npos);
}

}  // namespace freshet::cli

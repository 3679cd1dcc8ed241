// SPDX-License-Identifier: Apache-2.0
#include "serve/http/line_pieces.h"

#include <algorithm>
#include <utility>

namespace freshet::serve {

/// Where the next lines end that are short enough, as many as a piece may have: begin_ if there is none.
std::size_t LinePieces::end_of_lines(bool ended) const {
  std::size_t end = begin_;
  for (std::size_t lines = 0; lines < limits_.lines && end < text_.size(); ++lines) {
    const std::size_t line_end = text_.find('\n', end);
    if (line_end == std::string::npos && !ended) break;
    const std::size_t next = std::min(line_end, text_.size());
    if (next - end > limits_.bytes) break;
    end = std::min(next + 1, text_.size());
  }
  return end;
}

/// Passes over a line, or over what there is of it. False if it does not end here.
bool LinePieces::skip_line() {
  const std::size_t line_end = text_.find('\n', begin_);
  skipping_ = line_end == std::string::npos;
  begin_ = skipping_ ? text_.size() : line_end + 1;
  return !skipping_;
}

std::optional<LinePieces::Piece> LinePieces::next(bool ended) {
  if (!skipping_ || skip_line()) {
    const std::size_t end = end_of_lines(ended);
    if (end > begin_) {
      const std::string_view lines = std::string_view(text_).substr(begin_, end - begin_);
      begin_ = end;
      return Piece{lines};
    }
    if (full()) {
      skip_line();
      return Piece{{}, true};
    }
  }
  text_.erase(0, std::exchange(begin_, 0));
  return std::nullopt;
}

}  // namespace freshet::serve

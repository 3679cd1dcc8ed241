// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::serve {

/// Cuts a text that arrives bit by bit into pieces of whole lines. Where it is cut into bits does not change the lines.
/// Threads: one.
/// Cost:    memory for a piece and the last bit, if next() is called until it has none whenever the text is full().
class LinePieces {
 public:
  struct Limits {
    std::size_t bytes;  ///< of a line, without its end, and about of a piece
    std::size_t lines;  ///< of a piece
  };
  struct Piece {
    std::string_view lines;  ///< each with its end, except for the last line of the text
    bool too_long = false;   ///< instead of one line, which is longer than Limits::bytes
  };

  /// `text`: what has arrived is appended to it, between calls of next(). Outlives this.
  LinePieces(std::string& text, Limits limits) : text_(text), limits_(limits) {}

  /// True if next() has a piece, however the text goes on.
  bool full() const { return bytes() > limits_.bytes; }

  /// Of the text that is here, and in no piece yet.
  std::size_t bytes() const { return text_.size() - begin_; }

  /// True if the text, which has ended, is one piece.
  /// REQUIRES: next() has not been called.
  bool is_one_piece() const { return !full() && end_of_lines(true) == text_.size(); }

  /// The next piece; nullopt if the text has to go on first, or, if it has `ended`, at its end. The views of the last
  /// piece are then gone.
  std::optional<Piece> next(bool ended);

  /// Of a line.
  std::size_t most_bytes() const { return limits_.bytes; }

 private:
  std::size_t end_of_lines(bool ended) const;
  bool skip_line();

  std::string& text_;
  const Limits limits_;
  std::size_t begin_ = 0;  // in text_, of what no piece has had
  bool skipping_ = false;  // up to the end of a line that is too long
};

}  // namespace freshet::serve

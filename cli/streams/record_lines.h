// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/streams/byte_source.h"
#include "cli/streams/csv.h"

namespace freshet::cli {

/// The records of a text file, of one line each: TSV, CSV (RFC 4180; if the first line has commas but no tabs) or JSON
/// lines (if it begins with a brace), plain or compressed. A CSV record may have line breaks in quotes. A byte order mark
/// at the beginning, a carriage return at the end of a line and empty lines are left out.
/// Threads: one.
/// Errors:  name the file, and the line if there is one. An error means that the rest of the file cannot be read.
class RecordLines {
 public:
  static constexpr std::size_t kMaxLineBytes = 1 << 20;

  enum class Shape { unknown, tsv, csv, json_lines };

  static Result<RecordLines> open(const std::string& path);

  /// The next record, valid until the next call; nullopt at the end.
  Result<std::optional<std::string_view>> next();

  /// Of the file; unknown before the first record.
  Shape shape() const { return shape_; }

  /// The fields of a TSV or CSV record.
  /// Errors: invalid, if a quoted field is not closed.
  Result<std::vector<std::string>> split(std::string_view record) const;

  std::uint64_t lines() const { return lines_; }  ///< read so far

  /// "FILE:12: reason", for the newest record.
  std::string in_line(const std::string& reason) const { return at_line(lines_, reason); }

  std::uint64_t bytes_read() const { return source_->bytes_read(); }
  std::uint64_t bytes_total() const { return source_->bytes_total(); }

 private:
  RecordLines(std::string path, std::unique_ptr<ByteSource> source)
      : path_(std::move(path)), source_(std::move(source)) {}

  Result<std::optional<std::string_view>> next_line();
  std::size_t end_of_line();
  std::string at_line(std::uint64_t line, const std::string& reason) const;

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  Shape shape_ = Shape::unknown;
  std::string buffer_;
  std::size_t at_ = 0;  // begin of the next line in buffer_
  CsvRecordEnd csv_end_{kMaxLineBytes};
  bool ended_ = false;
  std::uint64_t lines_ = 0;
};

}  // namespace freshet::cli

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"

namespace freshet::cli {

/// How to read a recorded stream.
struct StreamFormat {
  /// Names of the columns of a TSV or CSV file, in file order: user, session, item, time, type, value, id, request,
  /// consent, or "-" to ignore a column. Not used for JSON lines.
  std::vector<std::string> columns{"session", "item", "time", "type"};
  bool header = false;  ///< the first line names the columns, and `columns` is not used
};

/// Parses "session,item,time,-,user".
/// Errors: invalid, naming the column.
Result<std::vector<std::string>> parse_columns(const std::string& text);

/// Reads the events of a recorded stream: TSV, CSV (RFC 4180; if the first line has commas but no tabs) or JSON lines,
/// plain or compressed (gzip or Zstandard, recognized by their first bytes), from a file or from standard input ("-").
/// A time is RFC 3339, or a number: below 10^11 seconds since 1970 (with fraction), else milliseconds. An event without
/// one happens when it is read.
/// Threads: one.
/// Errors:  name the file, and the line if there is one. open(): invalid or unavailable. Lines that are not events are
///          skipped and counted; complaints() describes the first few.
class EventStream {
 public:
  static Result<std::unique_ptr<EventStream>> open(const std::string& path, const StreamFormat& format);
  ~EventStream();

  /// The next event; nullopt at the end. An error means that the rest of the file cannot be read (a damaged archive), or
  /// would be read as something else (a time under another name).
  Result<std::optional<Event>> next();

  std::uint64_t lines() const;
  std::uint64_t skipped() const;
  const std::vector<std::string>& complaints() const;  ///< "FILE:12: ...": the first few skipped lines

  /// For a progress bar: bytes of the file on disk; the total is 0 if unknown (standard input).
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct Impl;
  explicit EventStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli

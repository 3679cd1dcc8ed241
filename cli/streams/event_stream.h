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
  /// What each column of a TSV or CSV file is, in file order: user, session, item, time, type, value, id, request, or
  /// "-" to skip it. Not used for JSON lines.
  std::vector<std::string> columns{"session", "item", "time", "type"};
  bool header = false;  ///< the first line names the columns (and `columns` is not used)
};

/// "session,item,time,-,user" -> columns. Errors: invalid, naming the column.
Result<std::vector<std::string>> parse_columns(const std::string& text);

/// Events of a recorded stream, one after another: TSV, CSV (RFC 4180, if the first line has commas and no tabs) or
/// JSON lines, plain or compressed (.gz, .zst: recognised by their first bytes), from a file or standard input ("-").
/// Times are RFC 3339 text, or a number: seconds since 1970 (also fractional) below 10^11, milliseconds above.
/// Threads: one.
/// Errors:  open() invalid or unavailable; a line that is not an event is skipped, counted, and the first few are kept.
class EventStream {
 public:
  static Result<std::unique_ptr<EventStream>> open(const std::string& path, const StreamFormat& format);
  ~EventStream();

  /// The next event; nullopt at the end. An error means that the file itself cannot be read on (damaged archive).
  Result<std::optional<Event>> next();

  std::uint64_t lines() const;
  std::uint64_t skipped() const;
  const std::vector<std::string>& complaints() const;  ///< "line 12: ...": the first few skipped lines

  /// For a progress bar, in bytes of the file as it lies on disk; size 0 if unknown (standard input).
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_total() const;

 private:
  struct Impl;
  explicit EventStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::cli

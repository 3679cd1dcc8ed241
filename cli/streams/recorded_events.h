// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "cli/streams/event_stream.h"

namespace CLI {
class App;
}

namespace freshet::cli {

/// The command-line options of commands that read recorded streams.
struct StreamArguments {
  std::string columns;  ///< empty: replay.columns of the configuration
  bool header = false;
  std::uint64_t skip = 0;
  std::uint64_t limit = UINT64_MAX;

  /// --columns, --header, --skip and --limit.
  void add_options(CLI::App& command);

  /// Errors: throws std::runtime_error, naming the option or key, if the columns are not valid.
  StreamFormat format(const app::Config& config) const;
};

/// The events of several recorded streams, one file after another: at most `limit`, after the first `skip`.
/// Threads: one.
/// Errors:  throws std::runtime_error if a file cannot be read. Lines that are not events are skipped and counted; the
///          first few of each file are printed to standard error.
class RecordedEvents {
 public:
  RecordedEvents(std::vector<std::string> files, const StreamFormat& format, std::uint64_t skip, std::uint64_t limit);

  /// The next event; nullopt at the end.
  std::optional<Event> next();

  /// Time of the newest of all events, before the first next(); nullopt if there are none. Reads the files twice: what
  /// comes from standard input is kept in a temporary file.
  /// Errors: also throws if another file is a pipe, or if there is no room for the temporary file.
  std::optional<Timestamp> find_newest();

  /// Position of the newest event among all events of all files, from 1.
  std::uint64_t position() const { return position_; }
  std::uint64_t taken() const { return taken_; }

  /// Why no event was taken, once next() has returned nullopt: "no events: ...".
  std::string why_none() const;

  std::uint64_t skipped_lines() const;

  /// Number of events with a time before that of an earlier event.
  std::uint64_t out_of_order() const { return out_of_order_; }

  /// File and line of the newest event: "clicks.tsv.gz:17".
  std::string place() const;

  /// For a progress bar: the share that has been read, 0 to 1; negative if unknown (standard input).
  double part() const;

 private:
  void open_next();
  void close();
  void start_again();

  const std::vector<std::string> files_;
  const StreamFormat format_;
  const std::uint64_t skip_, limit_;
  std::unique_ptr<EventStream> stream_;
  std::size_t opened_ = 0;
  std::uint64_t position_ = 0, taken_ = 0, skipped_lines_ = 0, out_of_order_ = 0;
  Timestamp newest_{};
  bool complained_ = false;  // the skipped lines have been printed by an earlier reading
};

}  // namespace freshet::cli

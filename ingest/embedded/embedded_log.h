// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "ingest/event_log.h"
#include "ingest/options.h"
#include "store/journal.h"

namespace freshet::ingest {

/// The event log in freshet's own data directory: one partition (0), one process, no replication, no broker. Appends are
/// acknowledged after an fsync; one fsync covers all appends queued since the one before. Appends whose entries all may wait
/// (LogEntry::may_wait) are written with the next other one, or kLongestWait after the first of them. A record is trimmed after
/// every open reader has committed past it, and the retention has expired or the log is larger than it may be. When a
/// reader has been opened or closed, nothing is trimmed before the next commit.
/// Threads: as EventLog; owns "freshet-journal".
/// Limits:  EmbeddedOptions bounds the records and bytes that wait for an fsync. An empty queue accepts any append. It also
///          bounds the bytes of the log: while trimming does not bring it below, appends are refused with `overloaded`.
///          What is queued already is still written, so the log may be larger by twice max_queued_bytes, or two appends.
class EmbeddedLog final : public EventLog {
 public:
  static constexpr std::chrono::milliseconds kLongestWait{100};

  /// `decode` must be the readers': forget() decodes records to find their owners.
  EmbeddedLog(store::Journal& journal, const EmbeddedOptions& options, const DecodeOptions& decode, const Clock& clock,
              Metrics& metrics);
  ~EmbeddedLog() override;  ///< makes queued records durable first; all readers must be closed

  void append(std::vector<LogEntry> entries, Appended done) override;
  std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) override;
  Result<std::vector<std::int32_t>> partitions() const override { return std::vector<std::int32_t>{0}; }
  Result<bool> forget(std::span<const store::Erasure> erasures) override;
  std::string problem() const override;
  std::string_view name() const override { return "embedded"; }
  DeadLetterSink* dead_letters() override { return nullptr; }

 private:
  class Reader;
  struct Pending {
    std::vector<LogEntry> entries;
    Appended done;
  };
  /// Appends that wait for the next fsync.
  struct Queue {
    std::vector<Pending> appends;
    std::size_t records = 0;
    std::size_t bytes = 0;
    std::chrono::steady_clock::time_point write_by = std::chrono::steady_clock::time_point::max();
  };

  void run();
  std::optional<Queue> next_queue(std::chrono::steady_clock::time_point next_trim, bool& trim_now);
  void write(std::vector<Pending> pending);
  bool is_too_large() const;
  void trim();
  void report() const;
  void note_move() FRESHET_REQUIRES(mutex_);
  std::int64_t committed_by_all() const;

  store::Journal& journal_;
  const EmbeddedOptions options_;
  const DecodeOptions decode_;
  const Clock& clock_;
  Gauge& bytes_gauge_;
  Gauge& records_gauge_;
  Gauge& full_gauge_;

  mutable Mutex mutex_;
  std::condition_variable queued_;  // the queue has an append, a trim may help, or the log is stopping
  std::condition_variable grown_;   // the journal has new records, for readers at its end
  Queue queue_ FRESHET_GUARDED_BY(mutex_);
  bool stopping_ FRESHET_GUARDED_BY(mutex_) = false;
  bool full_ FRESHET_GUARDED_BY(mutex_) = false;          // too large, even after the last trim
  bool reader_moved_ FRESHET_GUARDED_BY(mutex_) = false;  // since the last trim began
  /// A reader has committed since one was opened or closed. While the service starts or stops, the open readers are not all
  /// that there are.
  bool readers_known_ FRESHET_GUARDED_BY(mutex_) = false;
  /// Of each open reader; -1: it has not committed yet.
  std::map<const Reader*, std::int64_t> committed_ FRESHET_GUARDED_BY(mutex_);

  std::jthread thread_;  // last: uses the members above
};

}  // namespace freshet::ingest

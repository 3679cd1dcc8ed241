#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "ingest/event_log.h"
#include "ingest/options.h"
#include "store/journal.h"

namespace freshet::ingest {

/// The event log in freshet's own data directory: one partition (0), one process, no replication, no broker. Appends are
/// acknowledged after an fsync; one fsync covers all appends queued since the one before. A record is trimmed after
/// every open reader has committed past it and the retention has expired.
/// Threads: as EventLog; owns "freshet-journal".
/// Limits:  EmbeddedOptions bounds the records and bytes that wait for an fsync. An empty queue accepts any append.
class EmbeddedLog final : public EventLog {
 public:
  /// `decode` must be the readers': forget() decodes records to find their owners.
  EmbeddedLog(store::Journal& journal, const EmbeddedOptions& options, const DecodeOptions& decode, const Clock& clock);
  ~EmbeddedLog() override;  ///< makes queued records durable first; all readers must be closed

  void append(std::vector<LogEntry> entries, Appended done) override;
  std::unique_ptr<LogReader> open_reader(Sharing sharing, PositionsOf positions_of) override;
  Result<bool> forget(std::span<const store::Erasure> erasures) override;
  std::string problem() const override;
  std::string_view name() const override { return "embedded"; }
  bool keeps_dead_letters() const override { return false; }
  Result<void> append_dead_letters(std::span<const RejectedRecord> rejected,
                                   std::chrono::milliseconds timeout) override;

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
  };

  void run();
  void write(std::vector<Pending> pending);
  void trim();
  std::int64_t committed_by_all() const;

  store::Journal& journal_;
  const EmbeddedOptions options_;
  const DecodeOptions decode_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable queued_;  // something to append, or stopping
  std::condition_variable grown_;   // the journal has new records, for readers at its end
  // guarded by mutex_
  Queue queue_;
  bool stopping_ = false;
  std::map<const Reader*, std::int64_t> committed_;  // of every open reader; -1: nothing yet

  std::jthread thread_;  // last: uses the members above
};

}  // namespace freshet::ingest

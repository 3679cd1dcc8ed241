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

/// The event log in the service's own data directory: one partition (0), one process, no replication; no broker to run.
/// An append is acknowledged after an fsync that it shares with everything that was queued meanwhile. Records are
/// trimmed once every open reader has committed past them and the retention is over.
/// Threads:  as EventLog; owns "freshet-journal".
/// Limits:   EmbeddedOptions says how much may wait for the next fsync; when nothing does, any single append is taken.
class EmbeddedLog final : public EventLog {
 public:
  /// `decode` as the readers': it tells whose a record is.
  EmbeddedLog(store::Journal& journal, const EmbeddedOptions& options, const DecodeOptions& decode, const Clock& clock);
  ~EmbeddedLog() override;  ///< makes what is queued durable first; readers must be gone

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
  /// What waits for the next fsync.
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

  std::jthread thread_;  // last: starts work
};

}  // namespace freshet::ingest

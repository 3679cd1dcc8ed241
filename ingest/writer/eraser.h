#pragma once

#include <chrono>
#include <stop_token>

#include "base/metrics.h"
#include "base/result.h"
#include "ingest/event_log.h"
#include "store/database.h"
#include "store/erasures.h"

namespace freshet::ingest {

/// Removes the remaining bytes of erased owners from disk: from the log, once no reader needs the records any more, then
/// from the store's files, which are rewritten. Readers stop seeing erased data before that, at once.
/// Threads: one.
/// Errors:  logged and retried.
class Eraser {
 public:
  /// `interval` is the shortest time between two rewrites.
  Eraser(store::Database& database, EventLog& log, std::chrono::milliseconds interval, Metrics& metrics);

  /// Finishes a rewrite that a crash interrupted after the erasure was forgotten: a file may still name the owner. Call
  /// it before anything writes: while the disk refuses, RocksDB aborts if a flush and a commit meet (reliability.md).
  void finish_interrupted();

  /// Runs until `stop`, then finishes the current rewrite.
  void run(const std::stop_token& stop);

 private:
  Result<bool> erase();

  store::Erasures erasures_;
  EventLog& log_;
  const std::chrono::milliseconds interval_;
  Gauge& pending_;
  Counter& finished_;
};

}  // namespace freshet::ingest

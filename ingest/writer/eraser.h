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
/// Threads: run() on one thread.
/// Errors:  logged and retried.
class Eraser {
 public:
  /// `interval` is the shortest time between two rewrites.
  Eraser(store::Database& database, EventLog& log, std::chrono::milliseconds interval, Metrics& metrics);

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

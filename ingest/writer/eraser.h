#pragma once

#include <chrono>
#include <stop_token>

#include "base/metrics.h"
#include "base/result.h"
#include "ingest/event_log.h"
#include "store/database.h"
#include "store/erasures.h"

namespace freshet::ingest {

/// Makes what was erased go from the disk too: empties the log of it once no reader can need it any more, then has the
/// store rewrite the files that held it. What erases takes effect at once; this is only what a disk would tell.
/// Threads:  run() on one thread.
/// Errors:   tried again later, and logged.
class Eraser {
 public:
  /// `interval`: rewrites at most this often, however much is erased.
  Eraser(store::Database& database, EventLog& log, std::chrono::milliseconds interval, Metrics& metrics);

  /// Until `stop`; then finishes the rewrite in hand.
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

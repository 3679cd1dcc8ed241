// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/metrics.h"
#include "base/position.h"
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
  /// `read` returns the ends of the partitions that the history writer reads; `interval` is the shortest time between two
  /// rewrites.
  Eraser(store::Database& database, EventLog& log, std::function<Positions()> read, std::chrono::milliseconds interval,
         Metrics& metrics);

  /// Finishes a rewrite that a crash interrupted after the erasure was forgotten: a file may still name the owner. Call
  /// it before anything writes: while the disk refuses, RocksDB aborts if a flush and a commit meet (reliability.md).
  void finish_interrupted();

  /// Runs until `stop`, then finishes the current rewrite.
  void run(const std::stop_token& stop);

 private:
  Result<bool> erase();

  store::Erasures erasures_;
  EventLog& log_;
  const std::function<Positions()> read_;
  const std::chrono::milliseconds interval_;
  std::vector<store::Erasure> without_dead_letters_;  // those of the committed ones whose dead letters are deleted
  Gauge& pending_;
  Counter& finished_;
};

}  // namespace freshet::ingest

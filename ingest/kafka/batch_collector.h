// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>

#include "ingest/event_log.h"

namespace freshet::ingest {

/// Collects records into batches, of which each has records of one log: where a partition's log was recreated, a new
/// batch begins.
/// Threads: one.
class BatchCollector {
 public:
  /// True if there is nothing more to be added before take().
  bool is_full(std::size_t max_records) const;

  void add(LogRecord record);

  /// Reading continues at `offset`, without a record.
  void pass(std::int32_t partition, std::int64_t offset);

  /// The partition's log was recreated. What is added next is of the new one.
  void begin_anew(std::int32_t partition);

  /// Drops what has been collected of these partitions.
  void drop(const std::set<int>& partitions);

  /// The oldest batch; an empty one if nothing has been collected.
  LogBatch take();

 private:
  std::deque<LogBatch> batches_{1};  // the last one is being collected
  std::size_t bytes_ = 0;            // of its records
};

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/event_reader.h"
#include "base/result.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Copies item records that are among the events to the items' own partition, if the log has one: every instance reads that,
/// but only one reads a partition of the events.
/// Threads: those of HistoryWriter::run().
class ItemForwarder {
 public:
  explicit ItemForwarder(EventLog& log) : log_(log) {}

  /// Takes the item records out of `batch`, and returns when their copies are durable. Does nothing if the log has no
  /// partition for them.
  /// Errors: timed_out, overloaded, unavailable; the batch has its records still, and some may have been copied. To copy a
  ///         record twice does no harm.
  Result<void> forward(EventBatch& batch);

 private:
  EventLog& log_;
};

}  // namespace freshet::ingest

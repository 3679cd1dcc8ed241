// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "base/event_reader.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Gives rejected records to the log's place for them, and decides when the store has to keep them instead: at once if
/// that place will not take them, after a bounded wait if it does not answer. It is then left alone for half a minute,
/// or until it says that its trouble is over.
/// Threads: append() and look() on one; problem() on any.
/// Owns:    nothing; `sink` must outlive it.
class DeadLetterWriter {
 public:
  /// `sink` may be null: there is no such place.
  DeadLetterWriter(DeadLetterSink* sink, Metrics& metrics);

  /// True if the records are durable there. False: the store has to keep them.
  /// Cost: blocks for at most 10 s, 2 s if the sink reports a problem.
  bool append(std::span<const RejectedRecord> rejected);

  /// Notices that the sink's trouble is over. Call it now and then.
  void look();

  /// Empty, or why the store keeps dead letters that should be elsewhere. No reason not to be ready.
  std::string problem() const;

 private:
  bool may_try() const;
  void set_failure(std::string reason);

  DeadLetterSink* const sink_;
  Gauge& in_trouble_;

  // append()'s thread only
  std::chrono::steady_clock::time_point paused_until_;
  bool had_problem_ = false;
  std::string last_refusal_;

  mutable Mutex mutex_;
  std::string failure_ FRESHET_GUARDED_BY(mutex_);  // why the last attempt failed
};

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>

#include "base/event_reader.h"
#include "base/metrics.h"
#include "base/position.h"
#include "store/history_store.h"

namespace freshet::ingest {

/// The metrics of the history writer.
/// Threads: one.
class WriterMetrics {
 public:
  explicit WriterMetrics(Metrics& metrics);

  /// A batch is in the histories, and its rejected records are in the store or in the log's dead-letter sink.
  void count(const store::CommitCounts& counts, const EventBatch& batch, bool rejected_in_store,
             std::chrono::nanoseconds took);

  /// A batch could not be written and is retried.
  void retried() { retries_.Increment(); }

  /// Records between `at` and `ends` are not in the histories yet. A partition that is not in `ends` has no lag: it belongs
  /// to another instance, or is gone.
  void set_lag(const Positions& at, const Positions& ends);

 private:
  Counter &stored_, &duplicates_, &expired_, &withheld_, &rejected_, &erased_, &overtaken_, &lists_, &puts_, &patches_,
      &removals_, &ignored_patches_, &oversized_patches_, &refused_items_, &in_topic_, &in_store_, &retries_;
  Histogram &batch_events_, &commit_seconds_;
  prometheus::Family<Gauge>& lag_;
  std::map<int, Gauge*> lag_of_;  // by partition
};

}  // namespace freshet::ingest

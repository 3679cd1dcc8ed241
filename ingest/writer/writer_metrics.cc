// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/writer_metrics.h"

#include <algorithm>
#include <string>

#include "base/partition_name.h"

namespace freshet::ingest {
namespace {

Counter& events(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_ingest_events_total", "Records read from the log, by result.", {{"result", result}});
}

Counter& item_changes(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_ingest_item_changes_total", "Item records, by what they did to the catalogue.",
                         {{"result", result}});
}

Counter& dead_letters(Metrics& metrics, const char* place) {
  return metrics.counter("freshet_ingest_dead_letters_total", "Rejected records, by the place that keeps them.",
                         {{"place", place}});
}

}  // namespace

WriterMetrics::WriterMetrics(Metrics& metrics)
    : stored_(events(metrics, "stored")),
      duplicates_(events(metrics, "duplicate")),
      expired_(events(metrics, "expired")),
      withheld_(events(metrics, "withheld")),
      rejected_(events(metrics, "rejected")),
      erased_(events(metrics, "erased")),
      overtaken_(events(metrics, "overtaken")),
      lists_(events(metrics, "list")),
      puts_(item_changes(metrics, "put")),
      patches_(item_changes(metrics, "patched")),
      removals_(item_changes(metrics, "removed")),
      ignored_patches_(item_changes(metrics, "ignored_patch")),
      oversized_patches_(item_changes(metrics, "oversized_patch")),
      refused_items_(item_changes(metrics, "refused")),
      in_topic_(dead_letters(metrics, "topic")),
      in_store_(dead_letters(metrics, "store")),
      retries_(metrics.counter("freshet_ingest_retries_total", "Retries of batches that could not be written.")),
      batch_events_(metrics.histogram("freshet_ingest_batch_events", "Records per committed batch.",
                                      {1, 10, 100, 500, 1000, 2000, 5000, 10000})),
      commit_seconds_(metrics.histogram("freshet_ingest_commit_seconds", "Time to commit one batch to the histories.",
                                        Metrics::latency_bounds())),
      lag_(metrics.gauges("freshet_ingest_lag_events", "Records of the log that are not in the histories yet.")) {}

void WriterMetrics::count(const store::CommitCounts& counts, const EventBatch& batch, bool rejected_in_store,
                          std::chrono::nanoseconds took) {
  stored_.Increment(static_cast<double>(counts.stored));
  duplicates_.Increment(static_cast<double>(counts.duplicates));
  withheld_.Increment(static_cast<double>(counts.withheld));
  erased_.Increment(static_cast<double>(counts.erased));
  overtaken_.Increment(static_cast<double>(counts.overtaken));
  lists_.Increment(static_cast<double>(counts.lists));
  puts_.Increment(static_cast<double>(counts.items.puts));
  patches_.Increment(static_cast<double>(counts.items.patches));
  removals_.Increment(static_cast<double>(counts.items.removals));
  ignored_patches_.Increment(static_cast<double>(counts.items.ignored_patches));
  oversized_patches_.Increment(static_cast<double>(counts.items.oversized_patches));
  refused_items_.Increment(static_cast<double>(counts.items.refused));
  // A rejected record is counted twice: among the results, which sum up to all records read but those of items, and by place, which tells
  // the operator where to look. Both names are documented.
  const auto too_old = static_cast<double>(std::ranges::count_if(batch.rejected, &RejectedRecord::too_old));
  expired_.Increment(too_old);
  rejected_.Increment(static_cast<double>(batch.rejected.size()) - too_old);
  (rejected_in_store ? in_store_ : in_topic_).Increment(static_cast<double>(batch.rejected.size()));
  batch_events_.Observe(static_cast<double>(batch.events.size() + batch.rejected.size()));
  commit_seconds_.Observe(std::chrono::duration<double>(took).count());
}

void WriterMetrics::set_lag(const Positions& at, const Positions& ends) {
  std::erase_if(lag_of_, [&](const auto& entry) {
    if (ends.contains(entry.first)) return false;
    lag_.Remove(entry.second);
    return true;
  });
  for (const auto& [partition, end] : ends) {
    Gauge*& gauge = lag_of_[partition];
    if (gauge == nullptr) gauge = &lag_.Add({{"partition", partition_name(partition)}});
    const auto own = at.find(partition);
    gauge->Set(static_cast<double>(std::max<std::int64_t>(0, end - (own == at.end() ? 0 : own->second))));
  }
}

}  // namespace freshet::ingest

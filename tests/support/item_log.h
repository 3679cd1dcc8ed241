// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/sync.h"
#include "base/watermark.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/event_log.h"
#include "store/history_store.h"

namespace freshet::testing {

/// A log of one partition, whose records are in the store before they are acknowledged, as if its reader were always
/// faster.
/// Threads: all methods may be called concurrently.
class ItemLog final : public ingest::EventLog {
 public:
  /// A partition that no other records of the test are in.
  static constexpr std::int32_t kPartition = 7;

  ItemLog(store::HistoryStore& histories, Watermark& visible) : histories_(histories), visible_(visible) {}

  void append(std::vector<ingest::LogEntry> entries, Appended done) override {
    const Positions end = write(entries);
    visible_.move_to(end);
    done(end);
  }
  Result<std::vector<std::int32_t>> partitions() const override { return std::vector{kPartition}; }
  std::unique_ptr<ingest::LogReader> open_reader(ingest::Sharing, ingest::PositionsOf) override { return nullptr; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "items"; }
  ingest::DeadLetterSink* dead_letters() override { return nullptr; }

 private:
  /// The end of the log then.
  Positions write(std::span<const ingest::LogEntry> entries) {
    const MutexLock lock(mutex_);
    ingest::DecodeOptions options;
    options.max_future_skew = std::chrono::hours(24 * 365);  // tests advance their clock
    ingest::EventDecoder decoder{options};
    EventBatch batch;
    for (const ingest::LogEntry& entry : entries) {
      const Timestamp arrival = timestamp_from_ms(1'800'000'000'000 + end_);
      auto event = decoder.decode(entry.value, {}, arrival);
      FRESHET_CHECK(event.has_value());
      batch.events.push_back({{kPartition, end_++}, *std::move(event), arrival});
    }
    batch.next = {{kPartition, end_}};
    FRESHET_CHECK(histories_.commit(batch, true).has_value());
    return batch.next;
  }

  Mutex mutex_;
  store::HistoryStore& histories_;
  Watermark& visible_;
  std::int64_t end_ FRESHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::testing

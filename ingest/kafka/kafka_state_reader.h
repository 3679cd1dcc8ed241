// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/sync.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Reads the events and the state topic as one log, in which the state topic's only partition is kStatePartition. There is
/// no order between the two; records of the state topic come first if there are any.
/// Threads: as LogReader.
/// Cost:    a state record is returned at most kLookInterval after it was fetched.
class KafkaStateReader final : public LogReader {
 public:
  /// `state_at`: where reading the state topic begins; the events' reader knows its own place.
  KafkaStateReader(std::unique_ptr<LogReader> events, std::unique_ptr<LogReader> state, const Positions& state_at);

  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  void seek(const Positions& positions) override;
  Positions end_positions() const override;
  void commit(const Positions& positions) override;
  void idle(std::chrono::milliseconds duration) override { events_->idle(duration); }
  std::set<int> revoked() const override { return events_->revoked(); }
  std::string problem() const override;
  std::uint64_t lost_records() const override { return events_->lost_records() + state_->lost_records(); }

 private:
  Result<LogBatch> poll_state(std::size_t max_records);

  static constexpr std::chrono::milliseconds kLookInterval{20};

  const std::unique_ptr<LogReader> events_;
  const std::unique_ptr<LogReader> state_;
  mutable Mutex mutex_;
  std::string problem_ FRESHET_GUARDED_BY(mutex_);
};

/// The positions without that of the state topic, and that alone as the state topic's own reader knows it.
Positions without_state(Positions positions);
Positions only_state(const Positions& positions);

}  // namespace freshet::ingest

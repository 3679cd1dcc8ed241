// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "base/event_reader.h"

namespace freshet::testing {

/// A log of one partition with the given events. Calls `at_end` whenever a poll finds no event.
class ScriptedReader final : public EventReader {
 public:
  explicit ScriptedReader(std::vector<Event> events, std::size_t batch = 17)
      : events_(std::move(events)), batch_(batch) {}

  Result<EventBatch> poll(std::size_t max_records, std::chrono::milliseconds) override {
    if (failures > 0) {
      --failures;
      return Error{Errc::unavailable, "broker away"};
    }
    EventBatch batch;
    const std::size_t end = std::min({events_.size(), stop_before, next_ + std::min(batch_, max_records)});
    for (; next_ < end; ++next_) batch.events.push_back({{0, static_cast<std::int64_t>(next_)}, events_[next_]});
    if (std::exchange(recreated, false)) batch.recreated.insert(0);
    if (batch.events.empty() && batch.recreated.empty()) {
      if (at_end) at_end();
      return batch;
    }
    batch.next[0] = static_cast<std::int64_t>(next_);
    return batch;
  }

  void seek(const Positions& positions) override {
    const auto at = positions.find(0);
    next_ = at == positions.end() ? 0 : static_cast<std::size_t>(at->second);
    recreated = recreated || next_ > events_.size();
    if (recreated) next_ = 0;
  }

  Positions end_positions() const override { return {{0, static_cast<std::int64_t>(events_.size() + unread)}}; }

  std::function<void()> at_end;
  std::size_t stop_before = SIZE_MAX;
  std::size_t unread = 0;  ///< events that end_positions() counts in addition
  bool recreated = false;  ///< the log was recreated: seek() goes to its beginning, and the next batch says so
  int failures = 0;        ///< number of polls that fail first

 private:
  const std::vector<Event> events_;
  const std::size_t batch_;
  std::size_t next_ = 0;
};

}  // namespace freshet::testing

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"

namespace freshet::store {

/// The newest time seen, of events (stream time) or arrivals, from which ages are computed. It only grows, so one event
/// from a clock that runs ahead would make everything else too old for good. Ages are therefore computed from judged(),
/// which is at most kMostAhead later than this machine's clock. A log that is years old is judged by its own time. Stored
/// times are not corrected, since this machine's clock may be the wrong one.
/// Threads: all methods may be called concurrently.
class NewestTime {
 public:
  static constexpr std::chrono::hours kMostAhead{24};

  /// `name` is for log lines; `clock` must outlive this.
  NewestTime(const Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}

  /// Raises the newest time to `to`, if that is later. Logs a warning when it gets too far ahead of the clock.
  void raise(Timestamp to);

  Timestamp newest() const { return timestamp_from_ms(newest_ms_.load(std::memory_order_relaxed)); }

  /// The upper bound of judged().
  Timestamp latest() const { return clock_.now() + kMostAhead; }

  /// The time from which ages are computed.
  Timestamp judged() const { return std::min(newest(), latest()); }

 private:
  const Clock& clock_;
  const std::string name_;
  std::atomic<std::int64_t> newest_ms_{0};
  std::atomic<bool> ahead_{false};
};

}  // namespace freshet::store

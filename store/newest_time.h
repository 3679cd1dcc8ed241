#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"

namespace freshet::store {

/// The newest of the times that it is shown, by which age is judged: of events (stream time) or of arrivals. It only
/// grows, so one moment of a clock that runs ahead, here or where an event comes from, would make everything else too
/// old for good. Age is therefore judged by what can be: nothing later than kMostAhead from the clock's time. A log of
/// years ago is judged by its own time. What is stored is not corrected by the clock: it might be the clock that is
/// wrong.
/// Threads:  all methods may be called concurrently.
class NewestTime {
 public:
  static constexpr std::chrono::hours kMostAhead{24};

  /// `name` of the time in the log; `clock` must outlive this.
  NewestTime(const Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}

  /// Says once in the log if age begins to be judged by the clock.
  void raise(Timestamp to);

  Timestamp newest() const { return timestamp_from_ms(newest_ms_.load(std::memory_order_relaxed)); }

  /// The latest time that age is judged by.
  Timestamp latest() const { return clock_.now() + kMostAhead; }

  /// What age is judged by.
  Timestamp judged() const { return std::min(newest(), latest()); }

 private:
  const Clock& clock_;
  const std::string name_;
  std::atomic<std::int64_t> newest_ms_{0};
  std::atomic<bool> ahead_{false};
};

}  // namespace freshet::store

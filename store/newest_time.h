// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/sync.h"

namespace freshet::store {

/// The newest time seen, of events (stream time) or arrivals, and judged(), the time from which ages are computed.
/// newest() only grows, and one event from a clock that runs ahead, or of today in a log that is years old, would make
/// everything else too old at once and for good. So judged() follows newest() at most kFollow times as fast as time
/// passes, across restarts too, and while newest() is more than kMostAhead later than this machine's clock it follows
/// that clock instead. A log that is years old is judged by its own time.
/// Threads: all methods may be called concurrently.
class NewestTime {
 public:
  static constexpr std::chrono::hours kMostAhead{24};
  static constexpr int kFollow = 24;

  /// `name` is for messages; `clock` must outlive this.
  NewestTime(const Clock& clock, std::string name) : clock_(clock), name_(std::move(name)) {}

  /// Continues where a former process was. Nullopt: judged() begins with `newest`.
  void restore(Timestamp newest, std::optional<Timestamp> judged);

  /// Raises the newest time to `to`, if that is later, and lets judged() follow. Logs a warning when problem() begins.
  void raise(Timestamp to);

  Timestamp newest() const { return timestamp_from_ms(newest_ms_.load(std::memory_order_relaxed)); }

  /// The epoch before the first raise().
  Timestamp judged() const { return timestamp_from_ms(judged_ms_.load(std::memory_order_relaxed)); }

  /// Why judged() is not newest(), if that may surprise somebody; else empty.
  std::string problem() const;

 private:
  void follow() FRESHET_REQUIRES(mutex_);

  const Clock& clock_;
  const std::string name_;
  Mutex mutex_;  // held while the times change
  std::atomic<std::int64_t> newest_ms_{0};
  std::atomic<std::int64_t> judged_ms_{0};                               // 0: not set
  std::chrono::milliseconds followed_at_ FRESHET_GUARDED_BY(mutex_){0};  // Clock::elapsed()
  bool reported_ FRESHET_GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::store

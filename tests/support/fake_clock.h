// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>

#include "base/clock.h"

namespace freshet::testing {

/// A clock that tests set.
/// Threads: all methods may be called concurrently.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp now) : now_(now) {}
  Timestamp now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  std::chrono::milliseconds elapsed() const override {
    const std::lock_guard lock(mutex_);
    return elapsed_;
  }
  /// Returns at once, without advancing the time. slept() is the sum of all `time`.
  void sleep_for(const std::stop_token&, std::chrono::milliseconds time) const override {
    const std::lock_guard lock(mutex_);
    slept_ += time;
  }
  std::chrono::milliseconds slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
  }
  /// Advances both clocks.
  void advance(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
    elapsed_ += time;
  }
  /// Sets the wall clock only.
  void set(Timestamp now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  // guarded by mutex_
  Timestamp now_;
  std::chrono::milliseconds elapsed_{0};
  mutable std::chrono::milliseconds slept_{0};
};

}  // namespace freshet::testing

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
  void advance(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
  }

 private:
  mutable std::mutex mutex_;
  Timestamp now_;  // guarded by mutex_
};

}  // namespace freshet::testing

#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace freshet {

/// The newest immutable T, handed from one writer to many readers.
/// (std::atomic<std::shared_ptr> does this too, but libstdc++ 12's is reported by ThreadSanitizer.)
/// Threads:  all methods may be called concurrently.
/// Owns:     one reference; the replaced value is released outside the lock, by the last holder.
/// Cost:     a lock around a reference count.
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> value = nullptr) : value_(std::move(value)) {}

  std::shared_ptr<const T> load() const {
    std::lock_guard lock(mutex_);
    return value_;
  }

  void store(std::shared_ptr<const T> value) {
    std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;  // guarded by mutex_
};

/// Sleeps for `time`, or until `stop` is requested.
inline void sleep_for(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace freshet

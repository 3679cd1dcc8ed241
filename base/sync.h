// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

/// Attributes for clang's thread safety analysis, which `.ci/check_tidy.sh` runs. They mean nothing to other compilers.
#if defined(__clang__)
#define FRESHET_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define FRESHET_THREAD_SAFETY(attribute)
#endif

/// Of a member: it may be used only while `mutex` is held.
#define FRESHET_GUARDED_BY(mutex) FRESHET_THREAD_SAFETY(guarded_by(mutex))

/// Of a function: the caller holds `mutex`.
#define FRESHET_REQUIRES(mutex) FRESHET_THREAD_SAFETY(requires_capability(mutex))

namespace freshet {

/// A std::mutex that the analysis knows. Lock it with MutexLock.
class FRESHET_THREAD_SAFETY(capability("mutex")) Mutex {
 private:
  friend class MutexLock;
  std::mutex mutex_;
};

/// Holds a Mutex until the end of its scope, or until unlock().
class FRESHET_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) FRESHET_THREAD_SAFETY(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
  ~MutexLock() FRESHET_THREAD_SAFETY(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() FRESHET_THREAD_SAFETY(release_capability()) { lock_.unlock(); }

  /// For condition variables. Annotate their predicates with FRESHET_REQUIRES.
  std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

/// The newest immutable T, published by one writer to many readers. std::atomic<std::shared_ptr> would do the same, but
/// ThreadSanitizer reports the one of libstdc++ 12.
/// Threads: all methods may be called concurrently.
/// Owns:    one reference. The last holder of a replaced value destroys it, outside the lock.
/// Cost:    a lock around a reference count.
template <typename T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> value = nullptr) : value_(std::move(value)) {}

  std::shared_ptr<const T> load() const {
    const MutexLock lock(mutex_);
    return value_;
  }

  void store(std::shared_ptr<const T> value) {
    const MutexLock lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ FRESHET_GUARDED_BY(mutex_);
};

/// Sleeps for `time`, or until `stop` is requested.
inline void sleep_for(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace freshet

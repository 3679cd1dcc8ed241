// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace freshet {

/// Many readers or one writer, who gets its turn however many readers there are. A std::shared_mutex on Linux lets
/// readers that overlap keep a writer out for ever.
/// Threads: all methods may be called concurrently; unlocking by the thread that locked.
/// Cost:    a reader pays for fairness only while a writer waits.
class FairSharedMutex {
 public:
  FairSharedMutex();
  ~FairSharedMutex() { pthread_rwlock_destroy(&lock_); }
  FairSharedMutex(const FairSharedMutex&) = delete;
  FairSharedMutex& operator=(const FairSharedMutex&) = delete;

  /// Waits for writers that wait already.
  /// REQUIRES: this thread does not hold it
  void lock_shared();
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

  /// Overtakes writers, for a moment: for a thread that may hold it as a reader already, or what readers wait for.
  std::shared_lock<FairSharedMutex> lock_again();

  void lock();
  void unlock() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
  std::mutex turn_;  // held by a writer that waits
  std::atomic<int> writers_{0};
};

}  // namespace freshet

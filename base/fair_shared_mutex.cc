// SPDX-License-Identifier: Apache-2.0
#include "base/fair_shared_mutex.h"

#include "base/check.h"

namespace freshet {

FairSharedMutex::FairSharedMutex() {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  // For lock_again(): a reader must not wait for a writer, which waits for that reader.
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_READER_NP);
  FRESHET_CHECK(pthread_rwlock_init(&lock_, &attributes) == 0);
  pthread_rwlockattr_destroy(&attributes);
}

void FairSharedMutex::lock_shared() {
  if (writers_ > 0) const std::lock_guard after_them(turn_);
  FRESHET_CHECK(pthread_rwlock_rdlock(&lock_) == 0);
}

std::shared_lock<FairSharedMutex> FairSharedMutex::lock_again() {
  // Trying is what never waits for whoever waits, which ThreadSanitizer knows of no other way to lock.
  if (pthread_rwlock_tryrdlock(&lock_) != 0) FRESHET_CHECK(pthread_rwlock_rdlock(&lock_) == 0);
  return {*this, std::adopt_lock};
}

void FairSharedMutex::lock() {
  ++writers_;
  {
    const std::lock_guard waits(turn_);
    FRESHET_CHECK(pthread_rwlock_wrlock(&lock_) == 0);
  }
  --writers_;
}

}  // namespace freshet

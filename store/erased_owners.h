// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>

#include "base/event.h"
#include "base/position.h"
#include "base/sync.h"

namespace freshet::store {

/// Up to where in the log each owner of an unfinished erasure is erased. An erasure overtakes the owner's events that are
/// in the log but not yet in the histories; those must not get there.
/// Threads: all methods may be called concurrently.
/// Cost:    a lookup, or none while it is empty.
class ErasedOwners {
 public:
  bool empty() const { return empty_; }

  /// True if what `owner` did at `position` is erased.
  bool covers(const Owner& owner, const Position& position) const;

  void put(const Owner& owner, const Positions& before);
  void remove(const Owner& owner);
  void clear();

 private:
  std::atomic<bool> empty_{true};
  mutable Mutex mutex_;
  std::map<Owner, Positions> before_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::store

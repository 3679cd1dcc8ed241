// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "base/position.h"
#include "base/sync.h"

namespace freshet {

/// The position of a reader of the log, and the requests that wait for it to advance (read-your-writes).
/// Threads: all methods may be called concurrently. Callbacks run on the thread that calls move_to(), without the lock,
///          and must only pass their work on to another thread.
/// Cost:    move_to() is O(partitions + waiters).
class Watermark {
 public:
  using WaiterId = std::uint64_t;

  Positions positions() const;

  /// Everything below `upto` is now visible in these partitions. A partition moves back if its log was recreated.
  void move_to(const Positions& upto);

  /// Calls `reached` once, as soon as the watermark covers `wanted`: before it returns, if it already does.
  WaiterId wait_for(Positions wanted, std::function<void()> reached);

  /// Removes a waiter. False if its callback has run or is about to run.
  bool cancel(WaiterId id);

 private:
  struct Waiter {
    Positions wanted;
    std::function<void()> reached;
  };

  mutable Mutex mutex_;
  Positions positions_ FRESHET_GUARDED_BY(mutex_);
  std::map<WaiterId, Waiter> waiters_ FRESHET_GUARDED_BY(mutex_);
  WaiterId next_id_ FRESHET_GUARDED_BY(mutex_) = 1;
};

}  // namespace freshet

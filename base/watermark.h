#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "base/position.h"

namespace freshet {

/// How far a reader of the log has got, and who is waiting for it to get further (read-your-writes).
/// Threads:  all methods may be called concurrently. Callbacks run on the thread that calls move_to(),
///           without the lock held, and must only hand over.
/// Cost:     move_to() is O(partitions + waiters).
class Watermark {
 public:
  using WaiterId = std::uint64_t;

  Positions positions() const;

  /// Of these partitions everything below `upto` is now visible. One may go back: a log that begins anew.
  void move_to(const Positions& upto);

  /// Calls `reached` once, as soon as the watermark covers `wanted` (at once if it does already).
  WaiterId wait_for(Positions wanted, std::function<void()> reached);

  /// Forgets a waiter. False if its callback has run or is about to.
  bool cancel(WaiterId id);

 private:
  struct Waiter {
    Positions wanted;
    std::function<void()> reached;
  };

  mutable std::mutex mutex_;
  // guarded by mutex_
  Positions positions_;
  std::map<WaiterId, Waiter> waiters_;
  WaiterId next_id_ = 1;
};

}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/sync.h"

namespace freshet::app {

/// Whether a reader of the log is close enough to its end for /readyz. After the start it has to catch up. Once it has,
/// a burst of events is a warning, and it is not ready only if it has been behind for minutes: its lists are better
/// than none.
/// Threads: all methods may be called concurrently.
class Freshness {
 public:
  static constexpr std::int64_t kCloseEvents = 10'000;  ///< further away is behind
  static constexpr std::chrono::minutes kPatience{5};   ///< behind for longer than this is not ready

  /// `settling`: how long it must be close after the start to have caught up. More than nothing if the partitions' ends
  /// become known one by one.
  Freshness(const Clock& clock, std::chrono::seconds settling) : clock_(clock), settling_(settling) {}

  struct Verdict {
    std::string problem;  ///< empty: ready
    std::string warning;  ///< may be empty
  };

  /// The state with `lag` events to the end of the log; nullopt: the end cannot be known now. Call it regularly: what
  /// happened in between is not known.
  Verdict observe(std::optional<std::int64_t> lag);

 private:
  const Clock& clock_;
  const std::chrono::seconds settling_;
  Mutex mutex_;
  bool caught_up_ FRESHET_GUARDED_BY(mutex_) = false;
  bool close_ FRESHET_GUARDED_BY(mutex_) = false;                  // at the last look
  std::chrono::milliseconds since_ FRESHET_GUARDED_BY(mutex_){0};  // when `close_` became what it is
};

}  // namespace freshet::app

// SPDX-License-Identifier: Apache-2.0
#include "store/newest_time.h"

#include <algorithm>

#include "base/log.h"

namespace freshet::store {

void NewestTime::restore(Timestamp newest, std::optional<Timestamp> judged) {
  const MutexLock lock(mutex_);
  newest_ms_ = to_ms(newest);
  judged_ms_ = judged ? to_ms(*judged) : 0;
  followed_at_ = clock_.elapsed();
  if (newest_ms_ != 0) follow();
}

void NewestTime::raise(Timestamp to) {
  const MutexLock lock(mutex_);
  newest_ms_ = std::max(newest_ms_.load(), to_ms(to));
  follow();
}

void NewestTime::follow() {
  const Timestamp now = clock_.now();
  const Timestamp target = newest() > now + kMostAhead ? now : newest();
  const auto elapsed = clock_.elapsed();
  // Later than the target: set while the clock was ahead.
  const bool anew = judged_ms_ == 0 || judged() > target;
  judged_ms_ = to_ms(anew ? target : std::min(target, judged() + kFollow * (elapsed - followed_at_)));
  followed_at_ = elapsed;
  const std::string reason = problem();
  if (!reported_ && !reason.empty()) log::warn(reason);
  reported_ = !reason.empty();
}

std::string NewestTime::problem() const {
  const Timestamp now = clock_.now();
  const char* reason = nullptr;
  // A log of the past that is replayed quickly is always far ahead of judged().
  const bool live = newest() > now - kMostAhead;
  if (newest() > now + kMostAhead) {
    reason = "a clock is or was ahead, of this machine or of a producer: ";
  } else if (live && newest() > judged() + kMostAhead) {
    reason = "time has jumped ahead, and ages follow slowly: ";
  }
  if (reason == nullptr) return "";
  return reason + name_ + ' ' + format_rfc3339(newest()) + ", clock " + format_rfc3339(now) +
         ", ages are computed from " + format_rfc3339(judged());
}

}  // namespace freshet::store

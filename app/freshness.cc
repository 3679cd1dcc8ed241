// SPDX-License-Identifier: Apache-2.0
#include "app/freshness.h"

namespace freshet::app {

Freshness::Verdict Freshness::observe(std::optional<std::int64_t> lag) {
  const MutexLock lock(mutex_);
  const auto now = clock_.elapsed();
  if (!lag) {
    if (!caught_up_) close_ = false;
    return {};
  }
  if (const bool close = *lag <= kCloseEvents; close != close_) {
    close_ = close;
    since_ = now;
  }
  if (close_) {
    caught_up_ = caught_up_ || now - since_ >= settling_;
    return {};
  }
  const std::string behind = std::to_string(*lag) + " events behind";
  if (!caught_up_) return {"catching up, " + behind, ""};
  if (now - since_ < kPatience) return {"", behind};
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now - since_).count();
  return {behind + ", for " + std::to_string(minutes) + " minutes", ""};
}

}  // namespace freshet::app

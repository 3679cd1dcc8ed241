// SPDX-License-Identifier: Apache-2.0
#include "base/watermark.h"

#include <utility>
#include <vector>

namespace freshet {

Positions Watermark::positions() const {
  const MutexLock lock(mutex_);
  return positions_;
}

void Watermark::move_to(const Positions& upto) {
  std::vector<std::function<void()>> reached;
  {
    const MutexLock lock(mutex_);
    freshet::move_to(positions_, upto);
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      if (covers(positions_, it->second.wanted)) {
        reached.push_back(std::move(it->second.reached));
        it = waiters_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (auto& callback : reached) callback();
}

Watermark::WaiterId Watermark::wait_for(Positions wanted, std::function<void()> reached) {
  {
    const MutexLock lock(mutex_);
    const WaiterId id = next_id_++;
    if (!covers(positions_, wanted)) {
      waiters_.emplace(id, Waiter{std::move(wanted), std::move(reached)});
      return id;
    }
  }
  reached();
  return 0;
}

bool Watermark::cancel(WaiterId id) {
  const MutexLock lock(mutex_);
  return waiters_.erase(id) > 0;
}

}  // namespace freshet

#include "serve/access/token_bucket.h"

#include <algorithm>

namespace freshet::serve {

TokenBucket::TokenBucket(double per_second, double burst)
    : interval_ns_(static_cast<std::int64_t>(1e9 / per_second)),
      slack_ns_(static_cast<std::int64_t>(1e9 / per_second * (burst - 1))) {}

TokenBucket::Clock::duration TokenBucket::take(Clock::time_point now) {
  const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t from = std::max(full_at, now_ns);
    if (from - now_ns > slack_ns_) return std::chrono::nanoseconds(from - now_ns - slack_ns_);
    if (full_at_ns_.compare_exchange_weak(full_at, from + interval_ns_, std::memory_order_relaxed)) {
      return Clock::duration::zero();
    }
  }
}

}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#include "serve/access/token_bucket.h"

#include <algorithm>

namespace freshet::serve {
namespace {

/// At most 31 years: sums of these stay far from the end of the clock.
std::int64_t bounded(double ns) { return static_cast<std::int64_t>(std::min(ns, 1e18)); }

}  // namespace

TokenBucket::TokenBucket(double per_second, double burst)
    : interval_ns_(bounded(1e9 / per_second)), slack_ns_(bounded(1e9 / per_second * (burst - 1))) {}

TokenBucket::Clock::duration TokenBucket::take(Clock::time_point now, std::uint64_t tokens) {
  const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  const std::int64_t price = bounded(static_cast<double>(interval_ns_) * static_cast<double>(tokens));
  std::int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t from = std::max(full_at, now_ns);
    if (from - now_ns > slack_ns_) return std::chrono::nanoseconds(from - now_ns - slack_ns_);
    if (full_at_ns_.compare_exchange_weak(full_at, from + price, std::memory_order_relaxed)) {
      return Clock::duration::zero();
    }
  }
}

TokenBucket::Clock::duration TokenBucket::wait(Clock::time_point now) const {
  const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  const std::int64_t ahead = full_at_ns_.load(std::memory_order_relaxed) - now_ns;
  return std::chrono::nanoseconds(std::max<std::int64_t>(0, ahead - slack_ns_));
}

}  // namespace freshet::serve

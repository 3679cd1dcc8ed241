#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace freshet::serve {

/// A rate limit: `per_second` requests on average, `burst` at once after a pause. The generic cell rate algorithm (ITU-T
/// I.371): the only state is the time at which the bucket would be full again.
/// Threads: take() may be called concurrently; lock-free.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// REQUIRES: per_second > 0, burst >= 1. Starts full.
  TokenBucket(double per_second, double burst);

  /// Takes a token. Zero if there was one, otherwise the time until there is.
  Clock::duration take(Clock::time_point now);

 private:
  const std::int64_t interval_ns_;  // between tokens
  const std::int64_t slack_ns_;     // how far ahead of now full_at_ns_ may lie
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace freshet::serve

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace freshet::serve {

/// So many requests per second on average, and so many at once after a pause. The generic cell rate algorithm (ITU-T
/// I.371): one number says when the bucket would be full again, which is all there is to know about it.
/// Threads: take() may be called concurrently; no locks.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// REQUIRES: per_second > 0, burst >= 1. Starts full.
  TokenBucket(double per_second, double burst);

  /// Takes a token. Zero if there was one, else how long until there is.
  Clock::duration take(Clock::time_point now);

 private:
  const std::int64_t interval_ns_;  // between tokens
  const std::int64_t slack_ns_;     // how far ahead of now full_at_ns_ may lie
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace freshet::serve {

/// A rate limit: `per_second` tokens on average, `burst` at once after a pause. The generic cell rate algorithm (ITU-T
/// I.371): the only state is the time at which the bucket would be full again.
/// Threads: all methods may be called concurrently; lock-free.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// REQUIRES: per_second > 0, burst >= 1. Starts full.
  TokenBucket(double per_second, double burst);

  /// Takes `tokens` if there is at least one; those that are missing are a debt, which delays the next. Returns zero,
  /// or the time until there is a token if there is none: nothing is taken then.
  Clock::duration take(Clock::time_point now, std::uint64_t tokens = 1);

  /// What take() would return. Takes nothing.
  Clock::duration wait(Clock::time_point now) const;

 private:
  const std::int64_t interval_ns_;  // between tokens
  const std::int64_t slack_ns_;     // how far ahead of now full_at_ns_ may lie
  std::atomic<std::int64_t> full_at_ns_{0};
};

}  // namespace freshet::serve

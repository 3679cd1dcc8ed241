#pragma once

#include <array>
#include <cstddef>
#include <mutex>

namespace freshet::online {

/// Many short locks for many small things: thing n is guarded by of(n), which it shares with a few others.
/// Readers and the learner meet only when they touch neighbours in the same instant, and then for a copy's length.
/// Threads: all methods may be called concurrently. Never hold two at once.
class StripedMutex {
 public:
  std::mutex& of(std::size_t n) const { return stripes_[n % kStripes].mutex; }

 private:
  static constexpr std::size_t kStripes = 256;
  struct alignas(64) Stripe {
    std::mutex mutex;
  };
  mutable std::array<Stripe, kStripes> stripes_;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

namespace freshet::online {

/// A fixed number of mutexes for any number of small things: of(n) guards thing n, and others of the same stripe.
/// Readers and the learner contend only if they touch the same stripe at the same time, for as long as copying one
/// thing takes.
/// Threads: any. Never hold two of the mutexes at once: they may be the same.
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

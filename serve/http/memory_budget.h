// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace freshet::serve {

/// The memory that the bodies of all requests, or of all answers, may take together.
/// Threads: may be used concurrently; a Share by one thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : bytes_(bytes) {}

  /// What one request or answer holds of the budget, until it is destroyed.
  class Share {
   public:
    explicit Share(MemoryBudget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { release(); }

    /// False if the budget has no room; the share is then as it was.
    [[nodiscard]] bool grow_to(std::size_t bytes) {
      if (bytes <= held_) return true;
      const std::size_t more = bytes - held_;
      if (budget_.used_.fetch_add(more, std::memory_order_relaxed) + more > budget_.bytes_) {
        budget_.used_.fetch_sub(more, std::memory_order_relaxed);
        return false;
      }
      held_ = bytes;
      return true;
    }

    void release() {
      budget_.used_.fetch_sub(held_, std::memory_order_relaxed);
      held_ = 0;
    }

   private:
    MemoryBudget& budget_;
    std::size_t held_ = 0;
  };

 private:
  const std::size_t bytes_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace freshet::serve

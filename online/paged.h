#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/check.h"

namespace freshet::online {

/// An array that grows without moving, so that readers may look while the learner writes: pages on demand under a fixed
/// table. T must be safe to share by itself (an atomic, or guarded by a lock of the user's).
/// Threads:  one writer calls grow(); at() and size() may be called concurrently with it.
template <typename T>
class Paged {
 public:
  static constexpr std::size_t kPage = 1024;

  explicit Paged(std::size_t max_size) : pages_((max_size + kPage - 1) / kPage), max_size_(max_size) {}
  ~Paged() {
    for (auto& page : pages_) delete[] page.load();
  }
  Paged(const Paged&) = delete;
  Paged& operator=(const Paged&) = delete;

  /// Makes indexes below `size` usable; new elements are value-initialised.
  void grow(std::size_t size) {
    if (size <= size_.load(std::memory_order_relaxed)) return;
    FRESHET_CHECK(size <= max_size_);
    for (std::size_t page = 0; page * kPage < size; ++page) {
      if (pages_[page].load(std::memory_order_relaxed) == nullptr) {
        pages_[page].store(new T[kPage](), std::memory_order_release);
      }
    }
    size_.store(size, std::memory_order_release);
  }

  std::size_t size() const { return size_.load(std::memory_order_acquire); }

  /// REQUIRES: index < size()
  T& at(std::size_t index) const { return pages_[index / kPage].load(std::memory_order_acquire)[index % kPage]; }

 private:
  std::vector<std::atomic<T*>> pages_;
  std::atomic<std::size_t> size_{0};
  std::size_t max_size_;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/check.h"
#include "store/catalogue/catalogue_row.h"

namespace freshet::store {

/// An array by row that grows by pages and never moves an element, so that readers need no lock while it grows.
/// Threads: one thread at a time calls at(); any thread calls get() of a row that at() has made before.
/// Cost:    O(1): two reads. An empty array takes 128 KiB.
template <typename T>
class PagedArray {
 public:
  static constexpr std::size_t kPage = std::size_t{1} << 14;
  static constexpr std::size_t kPages = std::size_t{1} << 14;
  static constexpr std::size_t kMaxRows = kPage * kPages;

  PagedArray() = default;
  ~PagedArray() {
    for (std::size_t p = 0; p < kPages; ++p) delete[] pages_[p].load(std::memory_order_relaxed);
  }
  PagedArray(const PagedArray&) = delete;
  PagedArray& operator=(const PagedArray&) = delete;

  const T& get(CatalogueRow row) const { return pages_[row / kPage].load(std::memory_order_acquire)[row % kPage]; }

  /// REQUIRES: row < kMaxRows
  T& at(CatalogueRow row) {
    FRESHET_CHECK(row < kMaxRows);
    auto& page = pages_[row / kPage];
    if (page.load(std::memory_order_relaxed) == nullptr) {
      page.store(new T[kPage](), std::memory_order_release);
      ++used_;
    }
    return page.load(std::memory_order_relaxed)[row % kPage];
  }

  std::size_t memory_bytes() const { return kPages * sizeof(T*) + used_ * kPage * sizeof(T); }

 private:
  const std::unique_ptr<std::atomic<T*>[]> pages_ = std::make_unique<std::atomic<T*>[]>(kPages);
  std::size_t used_ = 0;
};

}  // namespace freshet::store

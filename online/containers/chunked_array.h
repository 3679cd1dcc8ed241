// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/check.h"

namespace freshet::online {

/// An array of at most `max` elements that grows by chunks and never moves an element, so readers may hold a pointer to
/// an element while the array grows.
/// Threads: one thread calls at() and for_each(); any thread calls find() and memory_bytes(). The user of the array
///          decides what guards the contents of an element.
/// Cost:    O(1); an empty array takes 8 bytes per kChunk elements of `max`.
template <typename T>
class ChunkedArray {
 public:
  static constexpr std::size_t kChunk = 1024;

  explicit ChunkedArray(std::size_t max)
      : chunk_count_((max + kChunk - 1) / kChunk), chunks_(new std::atomic<T*>[chunk_count_]) {
    for (std::size_t c = 0; c < chunk_count_; ++c) chunks_[c].store(nullptr, std::memory_order_relaxed);
  }
  ~ChunkedArray() {
    for (std::size_t c = 0; c < chunk_count_; ++c) delete[] chunks_[c].load(std::memory_order_relaxed);
  }
  ChunkedArray(const ChunkedArray&) = delete;
  ChunkedArray& operator=(const ChunkedArray&) = delete;

  /// Element n; null if its chunk does not exist.
  const T* find(std::size_t n) const {
    if (n / kChunk >= chunk_count_) return nullptr;
    const T* chunk = chunks_[n / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + n % kChunk;
  }

  /// Element n. Creates its chunk if it does not exist. REQUIRES: n < max, rounded up to whole chunks
  T& at(std::size_t n) {
    FRESHET_CHECK(n / kChunk < chunk_count_);
    T* chunk = chunks_[n / kChunk].load(std::memory_order_relaxed);
    if (chunk == nullptr) {
      chunk = new T[kChunk]();
      chunks_[n / kChunk].store(chunk, std::memory_order_release);
      ++used_chunks_;
    }
    return chunk[n % kChunk];
  }

  /// Calls f(n, element) for each element of the existing chunks, in order.
  template <typename F>
  void for_each(F&& f) const {
    for (std::size_t c = 0; c < chunk_count_; ++c) {
      const T* chunk = chunks_[c].load(std::memory_order_relaxed);
      for (std::size_t i = 0; chunk != nullptr && i < kChunk; ++i) f(c * kChunk + i, chunk[i]);
    }
  }

  std::size_t memory_bytes() const { return used_chunks_.load() * kChunk * sizeof(T) + chunk_count_ * sizeof(T*); }

 private:
  const std::size_t chunk_count_;
  std::unique_ptr<std::atomic<T*>[]> chunks_;
  std::atomic<std::size_t> used_chunks_{0};
};

}  // namespace freshet::online

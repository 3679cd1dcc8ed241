// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>

namespace freshet::online {

/// A zero-initialized array that takes memory only for the pages that have been touched, in huge pages if the system
/// offers them. Meant for large tables with random access, where most reads would otherwise miss the TLB.
/// T must be valid when all its bits are zero, and must not need a destructor.
/// Threads: as a plain array.
/// Errors:  std::bad_alloc if the address space cannot be reserved.
template <typename T>
class HugeArray {
 public:
  explicit HugeArray(std::size_t size) : reserved_(size * sizeof(T) + kHugePage) {
    base_ = mmap(nullptr, reserved_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    void* aligned = base_;
    std::size_t space = reserved_;
    data_ = static_cast<T*>(std::align(kHugePage, size * sizeof(T), aligned, space));
    madvise(data_, size * sizeof(T) / kHugePage * kHugePage, MADV_HUGEPAGE);  // a hint only: a failure is harmless
  }
  ~HugeArray() { munmap(base_, reserved_); }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;

  T& operator[](std::size_t n) { return data_[n]; }
  const T& operator[](std::size_t n) const { return data_[n]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  const std::size_t reserved_;
  void* base_;
  T* data_;
};

}  // namespace freshet::online

#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>

namespace freshet::online {

/// An array of zeros that takes memory only where it has been touched, in huge pages where the system has them: for
/// tables that are read all over, of which each read would else wait for an address to be translated first.
/// T: all bits zero is a new one, and there is nothing to destroy.
/// Threads: as a plain array's.
/// Errors:  std::bad_alloc.
template <typename T>
class HugeArray {
 public:
  explicit HugeArray(std::size_t size) : reserved_(size * sizeof(T) + kHugePage) {
    base_ = mmap(nullptr, reserved_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    void* aligned = base_;
    std::size_t space = reserved_;
    data_ = static_cast<T*>(std::align(kHugePage, size * sizeof(T), aligned, space));
    madvise(data_, size * sizeof(T) / kHugePage * kHugePage, MADV_HUGEPAGE);  // no more than a hint
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

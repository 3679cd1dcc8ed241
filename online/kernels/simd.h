// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/align/aligned_allocator.hpp>
#include <cstddef>
#include <vector>

/// FRESHET_SIMD compiles a function for several instruction sets; the loader picks the best one that the CPU supports.
/// They are named by level (x86-64-v3), since a CPU name such as "haswell" would match Intel's CPUs only. Not with
/// sanitizers: the choice is made before their runtimes are initialized.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(FRESHET_SANITIZED)
#define FRESHET_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FRESHET_SIMD
#endif

namespace freshet::online {

/// Sixteen floats as one vector, in as many registers as the CPU needs for it.
inline constexpr std::size_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

/// The same in memory: unaligned, and an alias of plain floats.
typedef float LanesInMemory __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));

inline __attribute__((always_inline)) const LanesInMemory& lanes(const float* at) {
  return *reinterpret_cast<const LanesInMemory*>(at);
}
inline __attribute__((always_inline)) LanesInMemory& lanes(float* at) { return *reinterpret_cast<LanesInMemory*>(at); }

/// A vector of numbers that kernels read, aligned to a cache line (sixteen floats fill one).
template <typename T>
using AlignedVector = std::vector<T, boost::alignment::aligned_allocator<T, kLanes * sizeof(float)>>;

/// Sum of the lanes. Adds by halves: OpenMP's reduction adds lane after lane, each addition waiting for the one before.
inline __attribute__((always_inline)) float sum_of(const Lanes& v) {
  const auto eight = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  return (four[0] + four[2]) + (four[1] + four[3]);
}

}  // namespace freshet::online

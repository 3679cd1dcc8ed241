#pragma once

#include <cstddef>

/// FRESHET_SIMD: compile the function for several instruction sets and take the best one at start-up: by level, since a
/// CPU's name ("arch=haswell") would only match Intel's. Not under sanitizers, whose runtimes are not up yet when that
/// choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(FRESHET_SANITIZED)
#define FRESHET_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FRESHET_SIMD
#endif

namespace freshet::online {

/// Sixteen floats that are computed with as one, in as many registers as the CPU needs.
inline constexpr std::size_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

/// The same in memory: at any address, and of what are floats.
typedef float LanesInMemory __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));

inline __attribute__((always_inline)) const LanesInMemory& lanes(const float* at) {
  return *reinterpret_cast<const LanesInMemory*>(at);
}
inline __attribute__((always_inline)) LanesInMemory& lanes(float* at) { return *reinterpret_cast<LanesInMemory*>(at); }

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
/// The kernel's random numbers, always the same ones, preloaded into the unmodified binary (LD_PRELOAD): two services then
/// draw the same key for their models, and what they learn can be compared byte for byte.
#include <sys/types.h>

#include <cstddef>
#include <cstring>

extern "C" ssize_t getrandom(void* bytes, std::size_t size, unsigned) {
  std::memset(bytes, 0x5A, size);
  return static_cast<ssize_t>(size);
}

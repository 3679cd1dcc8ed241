#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::online {

/// A number that no other call returns: names an object beyond its address, so that what was remembered of one is never
/// taken for another's.
/// Threads: any.
inline std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace freshet::online

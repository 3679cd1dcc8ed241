#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::online {

/// A number that no other call in this process returns. It names an object where an address is not enough, because the
/// address may be reused: a memo keyed by it is never taken for that of another object.
/// Threads: any.
inline std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace freshet::online

#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::online {

/// A number that no other caller in this process has: what a thread remembers of an index names the index by it, since
/// another one may come to lie at the same address. Never 0.
/// Threads: any.
inline std::uint64_t next_instance() {
  static std::atomic<std::uint64_t> instances{0};
  return ++instances;
}

}  // namespace freshet::online

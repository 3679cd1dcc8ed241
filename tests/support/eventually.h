#pragma once

#include <chrono>
#include <thread>

namespace freshet::testing {

/// Waits for something that another thread is about to do. False only if it did not happen within `limit`, which is far
/// longer than it ever takes (librdkafka's mock may take 9 s for a rebalance, and several of them): no test depends on
/// how long that is.
template <typename Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds(90)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace freshet::testing

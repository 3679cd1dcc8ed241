// SPDX-License-Identifier: Apache-2.0
#include "base/fair_shared_mutex.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <shared_mutex>
#include <thread>

#include "tests/support/eventually.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

TEST(FairSharedMutexTest, AReaderMayLockAgainWhileAWriterWaits) {
  FairSharedMutex mutex;
  std::atomic<bool> written = false;
  std::shared_lock list(mutex);
  std::thread writer([&] {
    mutex.lock();
    written = true;
    mutex.unlock();
  });
  for (int i = 0; i < 20; ++i) {
    const auto again = mutex.lock_again();
    std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(written);
  }
  list.unlock();
  writer.join();
  EXPECT_TRUE(written);
}

// Each reader holds the lock until the other one has it too, as lists on two threads may for hours.
TEST(FairSharedMutexTest, AWriterGetsItsTurnAmongReadersThatOverlap) {
  FairSharedMutex mutex;
  std::atomic<bool> stop = false;
  std::array<std::atomic<int>, 2> rounds{};
  const auto read = [&](std::size_t own) {
    while (!stop) {
      const std::shared_lock list(mutex);
      const int other = rounds[1 - own];
      ++rounds[own];
      for (int i = 0; i < 20 && rounds[1 - own] == other; ++i) std::this_thread::sleep_for(1ms);
    }
  };
  std::thread one([&] { read(0); }), two([&] { read(1); });
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (; written < 5 && !stop; ++written) {
      mutex.lock();
      mutex.unlock();
    }
  });
  EXPECT_TRUE(testing::eventually([&] { return written == 5; }));
  stop = true;
  for (std::thread* thread : {&one, &two, &writer}) thread->join();
}

}  // namespace
}  // namespace freshet

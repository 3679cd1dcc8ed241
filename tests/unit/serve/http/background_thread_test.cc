// SPDX-License-Identifier: Apache-2.0
#include "serve/http/background_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace freshet::serve {
namespace {

constexpr std::size_t kMaxWaiting = 16;

/// Work that does not end before it may. Outlives the worker.
class Hanging {
 public:
  void begin(BackgroundThread& worker) {
    EXPECT_TRUE(worker.post([this](bool) {
      begun_.set_value();
      may_end_.get_future().wait();
    }));
    begun_.get_future().wait();
  }
  void end() { may_end_.set_value(); }

 private:
  std::promise<void> begun_, may_end_;
};

TEST(BackgroundThread, WorksOffWhatCameInItsOrder) {
  std::vector<int> done;
  std::promise<void> last;
  BackgroundThread worker("freshet-test", kMaxWaiting);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(worker.post([&, i](bool) { done.push_back(i); }));
  EXPECT_TRUE(worker.post([&](bool) { last.set_value(); }));
  last.get_future().wait();
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(BackgroundThread, RefusesMoreThanMayWait) {
  Hanging hanging;
  BackgroundThread worker("freshet-test", kMaxWaiting);
  hanging.begin(worker);
  for (std::size_t i = 0; i < kMaxWaiting; ++i) EXPECT_TRUE(worker.post([](bool) {}));
  EXPECT_FALSE(worker.post([](bool) {}));
  hanging.end();
}

TEST(BackgroundThread, SaysToWorkThatItHasWaitedTooLong) {
  Hanging hanging;
  std::atomic<BackgroundThread::Clock::time_point> now{BackgroundThread::Clock::time_point{}};
  std::vector<bool> in_time;
  std::promise<void> last;
  BackgroundThread worker("freshet-test", kMaxWaiting, std::chrono::seconds(2), [&] { return now.load(); });
  hanging.begin(worker);
  EXPECT_TRUE(worker.post([&](bool yes) { in_time.push_back(yes); }));
  now = now.load() + std::chrono::seconds(1);
  EXPECT_TRUE(worker.post([&](bool yes) {
    in_time.push_back(yes);
    last.set_value();
  }));
  now = now.load() + std::chrono::milliseconds(1500);
  hanging.end();
  last.get_future().wait();
  EXPECT_EQ(in_time, (std::vector<bool>{false, true}));
}

TEST(BackgroundThread, StoppingWaitsForWhatHasBegunAndLetsGoOfTheRest) {
  Hanging hanging;
  BackgroundThread worker("freshet-test", kMaxWaiting);
  hanging.begin(worker);
  bool done = false;
  auto kept = std::make_shared<int>();
  const std::weak_ptr<int> held = kept;
  EXPECT_TRUE(worker.post([&done, kept = std::move(kept)](bool) { done = true; }));
  auto stopping = std::async(std::launch::async, [&] { worker.stop(); });
  while (!held.expired()) std::this_thread::yield();
  EXPECT_FALSE(worker.post([](bool) {}));
  hanging.end();
  stopping.get();
  EXPECT_FALSE(done);
}

}  // namespace
}  // namespace freshet::serve

#include "serve/http/background_thread.h"

#include <gtest/gtest.h>

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
    EXPECT_TRUE(worker.post([this] {
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
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(worker.post([&, i] { done.push_back(i); }));
  EXPECT_TRUE(worker.post([&] { last.set_value(); }));
  last.get_future().wait();
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(BackgroundThread, RefusesMoreThanMayWait) {
  Hanging hanging;
  BackgroundThread worker("freshet-test", kMaxWaiting);
  hanging.begin(worker);
  for (std::size_t i = 0; i < kMaxWaiting; ++i) EXPECT_TRUE(worker.post([] {}));
  EXPECT_FALSE(worker.post([] {}));
  hanging.end();
}

TEST(BackgroundThread, StoppingWaitsForWhatHasBegunAndLetsGoOfTheRest) {
  Hanging hanging;
  BackgroundThread worker("freshet-test", kMaxWaiting);
  hanging.begin(worker);
  bool done = false;
  auto kept = std::make_shared<int>();
  const std::weak_ptr<int> held = kept;
  EXPECT_TRUE(worker.post([&done, kept = std::move(kept)] { done = true; }));
  auto stopping = std::async(std::launch::async, [&] { worker.stop(); });
  while (!held.expired()) std::this_thread::yield();
  EXPECT_FALSE(worker.post([] {}));
  hanging.end();
  stopping.get();
  EXPECT_FALSE(done);
}

}  // namespace
}  // namespace freshet::serve

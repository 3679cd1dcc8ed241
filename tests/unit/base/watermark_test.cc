// SPDX-License-Identifier: Apache-2.0
#include "base/watermark.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace freshet {
namespace {

TEST(Watermark, CallsBackWhenReachedAndAtOnceWhenAlreadyThere) {
  Watermark watermark;
  int reached = 0;
  watermark.wait_for({{0, 5}, {1, 1}}, [&] { ++reached; });
  watermark.move_to({{0, 5}});
  EXPECT_EQ(reached, 0);
  watermark.move_to({{1, 1}});
  EXPECT_EQ(reached, 1);
  EXPECT_EQ(watermark.wait_for({{0, 4}}, [&] { ++reached; }), 0U);
  EXPECT_EQ(reached, 2);
}

TEST(Watermark, ACanceledWaiterIsNotCalled) {
  Watermark watermark;
  bool called = false;
  const auto waiter = watermark.wait_for({{0, 5}}, [&] { called = true; });
  EXPECT_TRUE(watermark.cancel(waiter));
  EXPECT_FALSE(watermark.cancel(waiter));
  watermark.move_to({{0, 9}});
  EXPECT_FALSE(called);
}

TEST(Watermark, InALogThatBeganAnewNothingIsThereThatWasInTheOldOne) {
  Watermark watermark;
  watermark.move_to({{0, 100}, {1, 8}});
  watermark.move_to({{0, 3}});
  bool reached = false;
  watermark.wait_for({{0, 4}, {1, 8}}, [&] { reached = true; });
  EXPECT_FALSE(reached);
  watermark.move_to({{0, 4}});
  EXPECT_TRUE(reached);
}

TEST(Watermark, EveryWaiterOfManyThreadsIsCalledOnce) {
  Watermark watermark;
  std::atomic<int> called{0};
  std::thread waiters([&] {
    for (int i = 0; i < 2000; ++i) watermark.wait_for({{0, i}}, [&] { ++called; });
  });
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) watermark.move_to({{0, i}});
  });
  waiters.join();
  writer.join();
  EXPECT_EQ(called, 2000);
}

}  // namespace
}  // namespace freshet

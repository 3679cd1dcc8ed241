// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/respond_once.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace freshet::serve {
namespace {

class LaterExecutor final : public Executor {
 public:
  void post(std::function<void()> work) override { work(); }
  void post_after(std::chrono::milliseconds, std::function<void()> work) override { later.push_back(std::move(work)); }
  bool post_blocking(std::function<void()> work) override { return work(), true; }
  void post_reading(std::function<void(bool)> work) override { work(true); }

  std::deque<std::function<void()>> later;
};

class RespondOnceTest : public ::testing::Test {
 protected:
  Respond recording() {
    return [this](const ApiResponse& response) { statuses_.push_back(response.status); };
  }

  static ApiResponse with_status(unsigned status) {
    ApiResponse response;
    response.status = status;
    return response;
  }

  LaterExecutor executor_;
  std::vector<unsigned> statuses_;
};

TEST_F(RespondOnceTest, OnlyTheFirstAnswerIsGiven) {
  RespondOnce once(recording());
  EXPECT_FALSE(once.taken());
  once.give(with_status(200));
  once.give(with_status(412));
  EXPECT_TRUE(once.taken());
  EXPECT_FALSE(once.take());
  EXPECT_EQ(statuses_, std::vector<unsigned>{200});
}

TEST_F(RespondOnceTest, WhatIsTakenIsAnsweredByTheTakerAlone) {
  RespondOnce once(recording());
  const Respond respond = once.take();
  once.give(with_status(412));
  EXPECT_TRUE(statuses_.empty());
  respond(with_status(200));
  EXPECT_EQ(statuses_, std::vector<unsigned>{200});
}

TEST_F(RespondOnceTest, TheTimeoutAnswersUnlessThereIsAnAnswer) {
  const auto late = RespondOnce::within(std::chrono::seconds(1), "too late", executor_, recording());
  const auto in_time = RespondOnce::within(std::chrono::seconds(1), "too late", executor_, recording());
  in_time->give(with_status(200));
  for (const auto& work : executor_.later) work();
  EXPECT_EQ(statuses_, (std::vector<unsigned>{200, 503}));
}

TEST_F(RespondOnceTest, TheTimeoutDoesNotKeepTheRequest) {
  const auto owned = std::make_shared<int>(0);
  RespondOnce::within(std::chrono::seconds(1), "too late", executor_, [owned](const ApiResponse&) {});
  EXPECT_EQ(owned.use_count(), 1);
  executor_.later.front()();
}

}  // namespace
}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/dead_letter_writer.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace freshet::ingest {
namespace {

struct ScriptedSink final : DeadLetterSink {
  Result<void> append(std::span<const RejectedRecord>, std::chrono::milliseconds timeout) override {
    ++calls;
    longest_wait = timeout;
    if (failure) return *failure;
    return {};
  }
  std::string problem() const override { return trouble; }

  std::optional<Error> failure;
  std::string trouble;
  int calls = 0;
  std::chrono::milliseconds longest_wait{};
};

class DeadLetterWriterTest : public ::testing::Test {
 protected:
  bool in_trouble() {
    writer_.look();
    const std::string text = metrics_.render();
    return text.find("\nfreshet_ingest_dead_letter_topic_in_trouble 1") != std::string::npos;
  }

  const std::vector<RejectedRecord> rejected_{{{0, 7}, {}, "item: missing", "key", "{}", {}}};
  Metrics metrics_;
  ScriptedSink sink_;
  DeadLetterWriter writer_{&sink_, metrics_};
};

TEST_F(DeadLetterWriterTest, WithoutASinkTheStoreKeepsThem) {
  DeadLetterWriter writer(nullptr, metrics_);
  EXPECT_FALSE(writer.append(rejected_));
  EXPECT_EQ(writer.problem(), "");
}

TEST_F(DeadLetterWriterTest, ASinkThatFailedIsNotAskedAgainWithEveryBatch) {
  sink_.failure = Error{Errc::timed_out, "not acknowledged"};
  EXPECT_FALSE(writer_.append(rejected_));
  EXPECT_TRUE(in_trouble());
  EXPECT_EQ(writer_.problem(), "not acknowledged");
  sink_.failure.reset();
  EXPECT_FALSE(writer_.append(rejected_));
  EXPECT_EQ(sink_.calls, 1);
}

TEST_F(DeadLetterWriterTest, WhatIsTooLargeIsNoReasonToKeepOthersToo) {
  sink_.failure = Error{Errc::invalid, "too large"};
  EXPECT_FALSE(writer_.append(rejected_));
  EXPECT_EQ(writer_.problem(), "");
  sink_.failure.reset();
  EXPECT_TRUE(writer_.append(rejected_));
}

TEST_F(DeadLetterWriterTest, ATopicThatIsMissingIsTriedOnceAndAgainWhenItIsThere) {
  sink_.trouble = "topic missing";
  EXPECT_TRUE(in_trouble()) << "before there is any dead letter";
  sink_.failure = Error{Errc::timed_out, "not acknowledged"};
  EXPECT_FALSE(writer_.append(rejected_));
  EXPECT_EQ(sink_.longest_wait, std::chrono::seconds(2));
  EXPECT_FALSE(writer_.append(rejected_));
  EXPECT_EQ(sink_.calls, 1);
  sink_.trouble = "";
  sink_.failure.reset();
  EXPECT_FALSE(in_trouble());
  EXPECT_TRUE(writer_.append(rejected_));
}

TEST_F(DeadLetterWriterTest, ATopicThatIsCreatedByTheFirstDeadLetterNeedsNoOtherAttempt) {
  sink_.trouble = "topic missing";
  EXPECT_TRUE(writer_.append(rejected_));
  EXPECT_TRUE(writer_.append(rejected_)) << "the monitor has not seen the topic yet";
}

}  // namespace
}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#include "store/dead_letters.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "store/erasures.h"
#include "store/history_store.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using ::testing::Contains;
using ::testing::Pair;

class DeadLettersTest : public ::testing::Test {
 protected:
  /// The next `count` records of `partition`, one per millisecond.
  EventBatch rejected(int partition, std::int64_t count) {
    EventBatch batch;
    std::int64_t& offset = batch.next[partition] = next_[partition];
    for (; count > 0; --count) {
      batch.rejected.push_back({{partition, offset++}, timestamp_from_ms(arrival_++), "item: missing", "", "{}", {}});
    }
    next_[partition] = offset;
    return batch;
  }

  std::vector<RejectedRecord> all() const {
    std::vector<RejectedRecord> letters;
    EXPECT_TRUE(letters_.scan([&](const RejectedRecord& record) {
      letters.push_back(record);
      return true;
    }));
    return letters;
  }

  testing::TestStore store_;
  HistoryStore histories_{store_.database()};
  DeadLetters letters_{store_.database()};
  Positions next_;
  std::int64_t arrival_ = 0;
};

TEST_F(DeadLettersTest, TheOldestByArrivalGoFirstWhateverTheirPartition) {
  constexpr std::int64_t kHalf = 60'000;
  ASSERT_TRUE(histories_.commit(rejected(5, kHalf), true));
  ASSERT_TRUE(histories_.commit(rejected(0, kHalf), true));
  const auto letters = all();
  EXPECT_EQ(letters.size(), kMaxDeadLetters);
  EXPECT_EQ(std::ranges::count(letters, 0, [](const RejectedRecord& r) { return r.position.partition; }), kHalf);
  EXPECT_EQ(std::ranges::min(letters, {}, &RejectedRecord::arrival).arrival, timestamp_from_ms(2 * kHalf - 100'000));
}

TEST_F(DeadLettersTest, ThereAreNeverManyMoreThanTheirBoundHoweverManyABatchHas) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(histories_.commit(rejected(0, 150'000), true));
    EXPECT_EQ(*letters_.count(), kMaxDeadLetters);
  }
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(histories_.commit(rejected(i % 3, 2000), true));
    EXPECT_LE(*letters_.count(), kMaxDeadLetters + kMaxDeadLetters / 10);
  }
}

TEST_F(DeadLettersTest, WhatWasCommittedTwiceOrErasedCountsForNothing) {
  const EventBatch batch = rejected(0, 40'000);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(histories_.commit(batch, true));
  EXPECT_EQ(*letters_.count(), 40'000U);
  EventBatch of_somebody = rejected(0, 50'000);
  for (RejectedRecord& record : of_somebody.rejected) record.key = "somebody";
  ASSERT_TRUE(histories_.commit(of_somebody, true));
  std::vector<Erasure> erasures(1);
  erasures[0].owner = {Owner::Kind::user, "somebody"};
  ASSERT_TRUE(Erasures(store_.database()).erase_dead_letters(erasures));
  ASSERT_TRUE(histories_.commit(rejected(0, 40'000), true));
  EXPECT_EQ(*letters_.count(), 80'000U);
}

TEST_F(DeadLettersTest, OfAHugeRecordTheBeginningIsKeptAndItsLengthSaid) {
  EventBatch batch = rejected(0, 1);
  RejectedRecord& huge = batch.rejected.front();
  huge.key = std::string(300 << 10, 'k');
  huge.value = std::string(1 << 20, 'v');
  huge.headers = {{"small", "1"}, {"large", std::string(1 << 20, 'h')}};
  ASSERT_TRUE(histories_.commit(batch, true));
  const auto letters = all();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].key, std::string(kMaxDeadLetterBytes, 'k'));
  EXPECT_EQ(letters[0].value, std::string(kMaxDeadLetterBytes, 'v'));
  EXPECT_EQ(letters[0].headers.size(), 2U);
  EXPECT_THAT(letters[0].headers, Contains(Pair("freshet-truncated-from", "1048576")));
  EXPECT_THAT(letters[0].headers, Contains(Pair("small", "1")));
}

TEST_F(DeadLettersTest, OfHugeNumbersOfHeadersTheFirstAreKept) {
  RejectedRecord record;
  record.headers.assign(1'000'000, {});
  const std::size_t kept = cut_dead_letter(record).headers.size();
  EXPECT_GE(kept, 10'000U);
  EXPECT_LE(kept, kMaxDeadLetterBytes / 16);
}

}  // namespace
}  // namespace freshet::store

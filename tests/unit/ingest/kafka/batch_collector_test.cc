// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/batch_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/support/test_seed.h"

namespace freshet::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LogRecord record(std::int32_t partition, std::int64_t offset, std::string value = "v") {
  return {{partition, offset}, {}, "k", std::move(value), {}};
}

std::vector<Position> positions_of(const LogBatch& batch) {
  std::vector<Position> positions;
  for (const LogRecord& each : batch.records) positions.push_back(each.position);
  return positions;
}

TEST(BatchCollector, GivesWhatWasAddedAndWhereReadingContinues) {
  BatchCollector collector;
  collector.add(record(0, 5));
  collector.add(record(1, 7));
  collector.pass(2, 9);
  EXPECT_FALSE(collector.is_full(3));
  EXPECT_TRUE(collector.is_full(2));
  const LogBatch batch = collector.take();
  EXPECT_THAT(positions_of(batch), ElementsAre(Position{0, 5}, Position{1, 7}));
  EXPECT_EQ(batch.next, (Positions{{0, 6}, {1, 8}, {2, 9}}));
  EXPECT_THAT(batch.recreated, IsEmpty());
  EXPECT_THAT(collector.take().next, IsEmpty());
}

TEST(BatchCollector, IsFullWhenItsRecordsAreLarge) {
  BatchCollector collector;
  for (int i = 0; i < 16; ++i) collector.add(record(0, i, std::string(1 << 20, 'x')));
  EXPECT_TRUE(collector.is_full(1000));
  collector.take();
  EXPECT_FALSE(collector.is_full(1000));
}

TEST(BatchCollector, ARecreatedLogOfWhichNothingWasCollectedNeedsNoBatchOfItsOwn) {
  BatchCollector collector;
  collector.add(record(1, 7));
  collector.begin_anew(0);
  collector.add(record(0, 0));
  EXPECT_FALSE(collector.is_full(3));
  const LogBatch batch = collector.take();
  EXPECT_THAT(positions_of(batch), ElementsAre(Position{1, 7}, Position{0, 0}));
  EXPECT_THAT(batch.recreated, ElementsAre(0));
}

TEST(BatchCollector, RecordsOfTheOldAndTheNewLogAreNeverInOneBatch) {
  BatchCollector collector;
  collector.add(record(0, 299));
  collector.add(record(1, 7));
  collector.begin_anew(0);
  collector.add(record(0, 0));
  EXPECT_TRUE(collector.is_full(1000)) << "the batch before comes first";
  const LogBatch old = collector.take();
  EXPECT_THAT(positions_of(old), ElementsAre(Position{0, 299}, Position{1, 7}));
  EXPECT_THAT(old.recreated, IsEmpty());
  EXPECT_FALSE(collector.is_full(1000));
  collector.add(record(0, 1));
  const LogBatch recreated = collector.take();
  EXPECT_THAT(positions_of(recreated), ElementsAre(Position{0, 0}, Position{0, 1}));
  EXPECT_EQ(recreated.next, (Positions{{0, 2}}));
  EXPECT_THAT(recreated.recreated, ElementsAre(0));
  EXPECT_THAT(collector.take().recreated, IsEmpty()) << "told once";
}

TEST(BatchCollector, APartitionThatIsTakenAwayIsGoneFromAllBatches) {
  BatchCollector collector;
  collector.add(record(0, 299));
  collector.begin_anew(0);
  collector.add(record(0, 0));
  collector.add(record(1, 7));
  collector.drop({0});
  const LogBatch batch = collector.take();
  EXPECT_THAT(positions_of(batch), ElementsAre(Position{1, 7}));
  EXPECT_EQ(batch.next, (Positions{{1, 8}}));
  EXPECT_THAT(batch.recreated, IsEmpty());
}

TEST(BatchCollector, WhateverComesNothingIsLostAndEachBatchIsOfOneLog) {
  Random random(freshet::testing::test_seed(1));
  BatchCollector collector;
  std::vector<std::string> added, taken;
  std::array<int, 3> log{}, seen{};  // how often each partition's log has been recreated
  std::array<std::int64_t, 3> offset{};
  const auto take = [&] {
    LogBatch batch = collector.take();
    for (const std::int32_t partition : batch.recreated) {
      ASSERT_TRUE(batch.next.contains(partition));
      ++seen[static_cast<std::size_t>(partition)];
    }
    for (const LogRecord& each : batch.records) {
      const auto partition = static_cast<std::size_t>(each.position.partition);
      ASSERT_EQ(each.key, std::to_string(seen[partition])) << "of the log that the batch is of";
      ASSERT_LT(each.position.offset, batch.next.at(each.position.partition));
      taken.push_back(each.value);
    }
  };
  for (int step = 0; step < 5000; ++step) {
    const auto partition = static_cast<std::int32_t>(random.below(log.size()));
    const auto at = static_cast<std::size_t>(partition);
    if (random.below(10) == 0) {
      ++log[at];
      offset[at] = 0;
      collector.begin_anew(partition);
      collector.pass(partition, 0);
    }
    added.push_back(std::to_string(step));
    collector.add({{partition, offset[at]++}, {}, std::to_string(log[at]), added.back(), {}});
    if (random.below(4) == 0) {
      ASSERT_NO_FATAL_FAILURE(take());
    }
  }
  while (taken.size() < added.size()) ASSERT_NO_FATAL_FAILURE(take());
  EXPECT_EQ(taken, added);
  EXPECT_EQ(seen, log);
}

}  // namespace
}  // namespace freshet::ingest

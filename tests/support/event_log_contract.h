// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ingest/event_log.h"
#include "tests/support/event_log_steps.h"
#include "tests/support/eventually.h"

/// The tests that every EventLog must pass. Instantiate them with a function that makes an empty log:
///   INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract, ::testing::Values(LogUnderTestFactory{...}));
namespace freshet::testing {

/// An event log and the cluster or directory that it uses.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  virtual ingest::EventLog& log() = 0;
  /// Closes the log and opens it again with the same records.
  virtual void reopen() = 0;
};

struct LogUnderTestFactory {
  std::string name;
  std::function<std::unique_ptr<LogUnderTest>()> make;  ///< returns null to skip the test: the cluster is missing
};

/// For the names of tests.
inline void PrintTo(const LogUnderTestFactory& factory, std::ostream* out) { *out << factory.name; }

class EventLogContract : public ::testing::TestWithParam<LogUnderTestFactory> {
 protected:
  void SetUp() override {
    under_test_ = GetParam().make();
    if (under_test_ == nullptr) GTEST_SKIP() << "needs a Kafka cluster: FRESHET_TEST_BROKERS is not set";
  }

  ingest::EventLog& log() { return under_test_->log(); }
  std::unique_ptr<ingest::LogReader> open_all() { return log().open_reader(ingest::Sharing::all, nullptr); }

  std::unique_ptr<LogUnderTest> under_test_;
};

TEST_P(EventLogContract, WhatIsAppendedIsReadBackInOrderPerKey) {
  const auto written = entries(300, 20);
  const auto token = append_and_wait(log(), written);
  ASSERT_TRUE(token) << token.error().message;

  const auto reader = open_all();
  const auto records = read(*reader, written.size());
  ASSERT_EQ(records.size(), written.size());
  std::map<std::string, std::vector<std::string>> expected;
  for (const auto& entry : written) expected[entry.key].push_back(entry.value);
  EXPECT_EQ(by_key(records), expected);

  std::set<Position> positions;
  std::map<std::string, std::set<int>> partitions;
  for (const auto& record : records) {
    positions.insert(record.position);
    partitions[record.key].insert(record.position.partition);
    EXPECT_GT(to_ms(record.arrival), 0);
  }
  EXPECT_EQ(positions.size(), records.size());
  for (const auto& [key, of_key] : partitions) EXPECT_EQ(of_key.size(), 1U) << key;
  EXPECT_EQ(positions_after(records), *token) << "the token is where the log ends";
}

TEST_P(EventLogContract, AnyBytesComeBackUnchanged) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  ASSERT_TRUE(append_and_wait(log(), {{all_bytes, all_bytes}, {"key", ""}, {"big", std::string(200'000, 'x')}}));
  const auto reader = open_all();
  const auto values = by_key(read(*reader, 3));
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values.at(all_bytes), std::vector<std::string>{all_bytes});
  EXPECT_EQ(values.at("key"), std::vector<std::string>{""});
  EXPECT_EQ(values.at("big"), std::vector<std::string>{std::string(200'000, 'x')});
}

TEST_P(EventLogContract, WhatMayWaitIsAcknowledgedByItselfAndInItsPlace) {
  auto waits = entries(3, 1, "w");
  for (auto& entry : waits) entry.may_wait = true;
  ASSERT_TRUE(append_and_wait(log(), waits));
  log().append(waits, [](Result<Positions>) {});
  ASSERT_TRUE(append_and_wait(log(), entries(2, 1)));
  const auto reader = open_all();
  auto expected = values_of(waits);
  for (const auto& more : {values_of(waits), values_of(entries(2, 1))}) {
    expected.insert(expected.end(), more.begin(), more.end());
  }
  EXPECT_EQ(values_of(read(*reader, 8)), expected);
}

TEST_P(EventLogContract, AppendingNothingIsDoneAtOnce) {
  const auto token = append_and_wait(log(), {});
  ASSERT_TRUE(token);
  EXPECT_EQ(*token, Positions{});
}

TEST_P(EventLogContract, ManyThreadsMayAppend) {
  constexpr std::size_t kThreads = 4, kAppends = 25;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t] {
        for (std::size_t i = 0; i < kAppends; ++i) {
          const auto key = std::to_string(t);
          EXPECT_TRUE(append_and_wait(log(), {{key, std::to_string(i)}}));
        }
      });
    }
  }
  const auto reader = open_all();
  const auto values = by_key(read(*reader, kThreads * kAppends));
  ASSERT_EQ(values.size(), kThreads);
  for (const auto& [key, of_key] : values) {
    ASSERT_EQ(of_key.size(), kAppends);
    for (std::size_t i = 0; i < kAppends; ++i) EXPECT_EQ(of_key[i], std::to_string(i));
  }
}

TEST_P(EventLogContract, EveryReaderReadsAllByItself) {
  const auto written = entries(50, 5);
  ASSERT_TRUE(append_and_wait(log(), written));
  const auto first = open_all(), second = open_all();
  EXPECT_THAT(values_of(read(*first, 50)), ::testing::UnorderedElementsAreArray(values_of(written)));
  EXPECT_THAT(values_of(read(*second, 50)), ::testing::UnorderedElementsAreArray(values_of(written)));
}

TEST_P(EventLogContract, SeekGoesOnWhereAnotherReaderStopped) {
  const auto written = entries(200, 10);
  ASSERT_TRUE(append_and_wait(log(), written));
  std::vector<ingest::LogRecord> records;
  {
    const auto reader = open_all();
    records = read(*reader, 80, 40);
    EXPECT_LT(records.size(), 200U);
  }
  const auto reader = open_all();
  reader->seek(positions_after(records));
  const auto rest = read(*reader, 200 - records.size());
  auto values = values_of(records);
  for (const auto& record : rest) values.push_back(record.value);
  EXPECT_THAT(values, ::testing::UnorderedElementsAreArray(values_of(written)));
}

TEST_P(EventLogContract, SeekBackReadsAgain) {
  const auto written = entries(30, 3);
  ASSERT_TRUE(append_and_wait(log(), written));
  const auto reader = open_all();
  ASSERT_EQ(read(*reader, 30).size(), 30U);
  reader->seek({});
  EXPECT_THAT(values_of(read(*reader, 30)), ::testing::UnorderedElementsAreArray(values_of(written)));
}

TEST_P(EventLogContract, AnEmptyBatchMeansThatTheTimeIsUp) {
  ASSERT_TRUE(append_and_wait(log(), entries(1, 1)));
  const auto reader = open_all();
  ASSERT_EQ(read(*reader, 1).size(), 1U);
  const auto batch = reader->poll(10, std::chrono::milliseconds(10));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_TRUE(batch->records.empty());
  EXPECT_TRUE(batch->next.empty());
}

TEST_P(EventLogContract, AReaderAtTheEndGetsWhatIsAppendedNext) {
  ASSERT_TRUE(append_and_wait(log(), entries(1, 1)));
  const auto reader = open_all();
  ASSERT_EQ(read(*reader, 1).size(), 1U);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(append_and_wait(log(), {{"k", "new" + std::to_string(i)}}));
    EXPECT_EQ(values_of(read(*reader, 1)), std::vector<std::string>{"new" + std::to_string(i)});
  }
}

TEST_P(EventLogContract, EndPositionsReachWhatIsAppended) {
  const auto reader = open_all();
  const auto token = append_and_wait(log(), entries(100, 10));
  ASSERT_TRUE(token);
  EXPECT_TRUE(eventually([&] {
    (void)reader->poll(1, std::chrono::milliseconds(1));
    return covers(reader->end_positions(), *token);
  }));
  EXPECT_EQ(distance(*token, reader->end_positions()), 0);
}

TEST_P(EventLogContract, NothingIsLostOrRepeatedOverAnIdleTime) {
  const auto written = entries(500, 10);
  ASSERT_TRUE(append_and_wait(log(), written));
  const auto reader = open_all();
  auto values = values_of(read(*reader, 100, 50));
  reader->idle(std::chrono::milliseconds(50));
  for (const auto& record : read(*reader, 500 - values.size(), 50)) values.push_back(record.value);
  EXPECT_THAT(values, ::testing::UnorderedElementsAreArray(values_of(written)));
}

TEST_P(EventLogContract, WhatWasAcknowledgedIsThereAfterReopening) {
  const auto written = entries(100, 10);
  ASSERT_TRUE(append_and_wait(log(), written));
  under_test_->reopen();
  ASSERT_TRUE(append_and_wait(log(), {{"k0", "after"}}));
  const auto reader = open_all();
  auto expected = values_of(written);
  expected.push_back("after");
  EXPECT_THAT(values_of(read(*reader, 101)), ::testing::UnorderedElementsAreArray(expected));
}

TEST_P(EventLogContract, AGroupReaderGoesOnFromThePositionsItIsGiven) {
  const auto token = append_and_wait(log(), entries(50, 10, "old"));
  ASSERT_TRUE(token);
  const auto written = entries(50, 10, "new");
  ASSERT_TRUE(append_and_wait(log(), written));
  const auto reader = log().open_reader(ingest::Sharing::group, [&] { return *token; });
  const auto records = read(*reader, 50);
  // Partitions without an old record are not in the token. They are read from their beginning, which gives no old record.
  EXPECT_THAT(values_of(records), ::testing::UnorderedElementsAreArray(values_of(written)));
  EXPECT_TRUE(reader->revoked().empty());
  reader->commit(positions_after(records));
}

TEST_P(EventLogContract, ALogThatEndsBeforeAReadersPositionWasRecreatedAndTheReaderSaysSoOnce) {
  const auto written = entries(20, 2);  // partitions of Kafka may be empty
  ASSERT_TRUE(append_and_wait(log(), written));
  Positions beyond, ends;
  std::set<std::int32_t> partitions;
  ASSERT_TRUE(eventually([&] {
    const auto known = log().partitions();
    if (known) partitions.insert(known->begin(), known->end());
    return known.has_value();
  }));
  for (const std::int32_t partition : partitions) beyond[partition] = 1000;
  const auto check = [&](ingest::LogReader& reader) {
    std::vector<std::string> values;
    std::multiset<std::int32_t> recreated;
    ends.clear();
    EXPECT_TRUE(eventually([&] {
      auto batch = reader.poll(1000, std::chrono::milliseconds(100));
      if (!batch) return false;
      move_to(ends, batch->next);
      for (const std::int32_t partition : batch->recreated) EXPECT_TRUE(batch->next.contains(partition)) << partition;
      recreated.insert(batch->recreated.begin(), batch->recreated.end());
      for (ingest::LogRecord& record : batch->records) values.push_back(std::move(record.value));
      return values.size() >= written.size() && recreated.size() >= partitions.size();
    }));
    EXPECT_THAT(values, ::testing::UnorderedElementsAreArray(values_of(written)));
    EXPECT_THAT(recreated, ::testing::ElementsAreArray(partitions));
    const auto idle = reader.poll(1000, std::chrono::milliseconds(10));
    EXPECT_TRUE(idle && idle->recreated.empty());
    EXPECT_EQ(reader.lost_records(), 0U);
  };
  check(*log().open_reader(ingest::Sharing::group, [&] { return beyond; }));
  const auto reader = open_all();
  reader->seek(beyond);
  check(*reader);

  reader->seek(ends);
  const auto at_end = reader->poll(1000, std::chrono::milliseconds(200));
  ASSERT_TRUE(at_end);
  EXPECT_TRUE(at_end->records.empty());
  EXPECT_TRUE(at_end->recreated.empty()) << "the end itself is a place to wait at";
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EventLogContract);

inline std::string contract_name(const ::testing::TestParamInfo<LogUnderTestFactory>& info) { return info.param.name; }

}  // namespace freshet::testing

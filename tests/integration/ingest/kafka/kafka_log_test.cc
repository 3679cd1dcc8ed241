// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/kafka_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ingest/writer/history_writer.h"
#include "store/database.h"
#include "store/dead_letters.h"
#include "tests/support/event_log_steps.h"
#include "tests/support/mock_kafka.h"
#include "tests/support/test_store.h"

namespace freshet::ingest {
namespace {

using freshet::testing::append_and_wait;
using freshet::testing::entries;
using freshet::testing::eventually;
using freshet::testing::MockKafka;
using freshet::testing::read;
using freshet::testing::TestStore;
using freshet::testing::values_of;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;

// Kafka protocol
constexpr std::int16_t kListOffsets = 2;
constexpr std::int16_t kInitProducerId = 22;

Positions from_the_beginning() { return {}; }

RejectedRecord rejected(std::int64_t offset, std::string value) {
  return {{2, offset}, {}, "item: missing", "key", std::move(value), {{"trace", "abc"}}};
}

TEST(KafkaLog, APropertyThatLibrdkafkaRefusesIsNamed) {
  KafkaOptions options;
  options.properties["no.such.property"] = "1";
  Metrics metrics;
  try {
    KafkaLog log(options, metrics);
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("kafka.properties.no.such.property: No such configuration property"));
  }
}

TEST(KafkaLog, StartsWithoutABrokerAndSaysWhichOne) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  options.properties["message.timeout.ms"] = "300";
  Metrics metrics;
  KafkaLog log(options, metrics);
  EXPECT_NE(log.problem(), "");
  EXPECT_TRUE(eventually([&] { return log.problem().find("Connection refused") != std::string::npos; }))
      << log.problem();
  EXPECT_THAT(log.problem(), HasSubstr("kafka: no broker of 127.0.0.1:1 reachable ("));

  const auto reader = log.open_reader(Sharing::group, from_the_beginning);
  const auto batch = reader->poll(10, std::chrono::milliseconds(100));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_TRUE(batch->next.empty());
  const auto answer = append_and_wait(log, entries(2, 1));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
}

TEST(KafkaLog, AnswersWhatIsQueuedWhenItCloses) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  Metrics metrics;
  std::optional<Result<Positions>> answer;
  {
    KafkaLog log(options, metrics);
    log.append(entries(3, 1), [&](Result<Positions> positions) { answer.emplace(std::move(positions)); });
    EXPECT_FALSE(answer);
  }
  ASSERT_TRUE(answer);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, Errc::unavailable);
}

TEST(KafkaLog, MoreThanTheQueueHoldsIsRefusedAtOnce) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  std::optional<Result<Positions>> answer;
  log.append(entries(KafkaProducer::kMaxQueuedRecords + 1, 10),
             [&](Result<Positions> positions) { answer.emplace(std::move(positions)); });
  ASSERT_TRUE(answer) << "answered on the calling thread";
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, Errc::overloaded);
  EXPECT_TRUE(append_and_wait(log, entries(1, 1)));
}

TEST(KafkaLog, ATopicThatAppearsLaterIsRead) {
  MockKafka kafka;
  kafka.set_missing("late", true);
  Metrics metrics;
  KafkaLog log(kafka.options("late"), metrics);
  EXPECT_TRUE(eventually([&] { return log.problem().find("topic \"late\"") != std::string::npos; })) << log.problem();
  const auto group = log.open_reader(Sharing::group, from_the_beginning);
  const auto all = log.open_reader(Sharing::all, nullptr);
  EXPECT_TRUE(group->poll(10, std::chrono::milliseconds(200))->records.empty());
  EXPECT_TRUE(all->poll(10, std::chrono::milliseconds(10))->records.empty());

  kafka.set_missing("late", false);
  ASSERT_TRUE(append_and_wait(log, entries(20, 5)));
  EXPECT_EQ(read(*all, 20).size(), 20U);
  EXPECT_EQ(read(*group, 20).size(), 20U);
  EXPECT_TRUE(eventually([&] { return log.problem().empty(); })) << log.problem();
}

TEST(KafkaLog, GoesOnWhereItWasWhenTheBrokerComesBack) {
  MockKafka kafka;
  kafka.create_topic("events", 2);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  const auto all = log.open_reader(Sharing::all, nullptr);
  const auto group = log.open_reader(Sharing::group, from_the_beginning);
  ASSERT_TRUE(append_and_wait(log, entries(50, 5, "before")));
  EXPECT_EQ(read(*all, 50).size(), 50U);
  EXPECT_EQ(read(*group, 50).size(), 50U);

  kafka.set_down();
  EXPECT_TRUE(eventually([&] { return !log.problem().empty(); }));
  EXPECT_THAT(log.problem(), HasSubstr("kafka: "));
  std::promise<Result<Positions>> promise;
  log.append(entries(50, 5, "during"), [&](Result<Positions> positions) { promise.set_value(std::move(positions)); });
  for (int i = 0; i < 5; ++i) {
    const auto batch = all->poll(10, std::chrono::milliseconds(50));
    EXPECT_TRUE(!batch || batch->records.empty());
  }

  kafka.set_up();
  ASSERT_TRUE(promise.get_future().get()) << "queued while the broker was away, acknowledged when it is back";
  ASSERT_TRUE(append_and_wait(log, entries(50, 5, "after")));
  for (LogReader* reader : {all.get(), group.get()}) {
    const auto values = values_of(read(*reader, 100));
    EXPECT_THAT(values, IsSupersetOf(values_of(entries(50, 5, "during"))));
    EXPECT_THAT(values, IsSupersetOf(values_of(entries(50, 5, "after"))));
    EXPECT_EQ(values.size(), 100U) << "neither lost nor repeated";
  }
  EXPECT_TRUE(eventually([&] { return log.problem().empty(); })) << log.problem();
}

TEST(KafkaLog, ABrokerThatDoesNotAnswerARequestForOffsetsIsAProblem) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  ASSERT_TRUE(eventually([&] { return log.problem().empty(); })) << log.problem();

  constexpr int kMuchLaterMs = 600'000;
  for (int i = 0; i < 8; ++i) {
    rd_kafka_mock_broker_push_request_error_rtts(kafka.cluster(), 1, kListOffsets, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
                                                 kMuchLaterMs);
  }
  EXPECT_TRUE(eventually([&] { return !log.problem().empty(); }));
  EXPECT_TRUE(eventually([&] { return log.problem().empty(); })) << log.problem();
}

TEST(KafkaLog, RecordsDeletedBeforeTheyWereReadAreCountedAndPassed) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  // The mock keeps 5 MB per partition.
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append_and_wait(log, {{"k", std::string(100'000, 'x')}}));
  const auto reader = log.open_reader(Sharing::all, nullptr);
  ASSERT_TRUE(eventually([&] { return distance(reader->end_positions(), {{0, 100}}) == 0 || log.problem().empty(); }));
  reader->seek({{0, 3}});
  const auto records = read(*reader, 1);
  ASSERT_FALSE(records.empty());
  const std::int64_t begin = records.front().position.offset;
  ASSERT_GT(begin, 3) << "the mock has deleted nothing";
  EXPECT_TRUE(eventually([&] {
    (void)reader->poll(10, std::chrono::milliseconds(10));
    return reader->lost_records() == static_cast<std::uint64_t>(begin - 3);
  })) << reader->lost_records();
}

TEST(KafkaLog, DeadLettersKeepTheRecordAndSayWhyAndWhere) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  kafka.create_topic("events-dead", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  ASSERT_NE(log.dead_letters(), nullptr);
  std::vector<RejectedRecord> letters{rejected(7, R"({"user":"u"})"), rejected(8, "")};
  const auto kept = log.dead_letters()->append(letters, std::chrono::seconds(20));
  ASSERT_TRUE(kept) << kept.error().message;

  auto options = kafka.options("events-dead");
  options.dead_letter_topic.clear();
  KafkaLog dead(options, metrics);
  EXPECT_EQ(dead.dead_letters(), nullptr);
  const auto reader = dead.open_reader(Sharing::all, nullptr);
  const auto records = read(*reader, 2);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, "key");
  EXPECT_EQ(records[0].value, R"({"user":"u"})");
  EXPECT_EQ(records[1].value, "");
  EXPECT_THAT(
      records[0].headers,
      ::testing::ElementsAre(Pair("freshet-reason", "item: missing"), Pair("freshet-topic", "events"),
                             Pair("freshet-partition", "2"), Pair("freshet-offset", "7"), Pair("trace", "abc")));
}

TEST(KafkaLog, ARecordTooLongForTheDeadLetterTopicIsCutOffAndDoesNotStopTheStream) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  kafka.create_topic("events-dead", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  RejectedRecord huge = rejected(7, std::string(990'000, 'x'));
  huge.headers.emplace_back("huge", std::string(990'000, 'h'));
  ASSERT_TRUE(log.dead_letters()->append(std::vector{huge}, std::chrono::seconds(20)));

  KafkaLog dead(kafka.options("events-dead"), metrics);
  const auto records = read(*dead.open_reader(Sharing::all, nullptr), 1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].value, std::string(store::kMaxDeadLetterBytes, 'x'));
  EXPECT_THAT(records[0].headers, ::testing::Contains(Pair("freshet-truncated-from", "990000")));
  EXPECT_THAT(records[0].headers, ::testing::Contains(Pair("trace", "abc")));
  EXPECT_THAT(records[0].headers, ::testing::Not(::testing::Contains(Pair("huge", ::testing::_))));
}

TEST(KafkaLog, DeadLettersThatAreNotAcknowledgedInTimeAreAnError) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  options.properties["message.timeout.ms"] = "1000";
  Metrics metrics;
  KafkaLog log(options, metrics);
  const auto kept = log.dead_letters()->append(std::vector{rejected(1, "x")}, std::chrono::milliseconds(10));
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Errc::timed_out);
}

TEST(KafkaLog, AProducerThatFailedForGoodIsReplaced) {
  MockKafka kafka;
  kafka.create_topic("events", 1);
  rd_kafka_mock_push_request_errors(kafka.cluster(), kInitProducerId, 1,
                                    RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  const auto refused = append_and_wait(log, entries(1, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_TRUE(eventually([&] { return append_and_wait(log, entries(1, 1)).has_value(); }));
  EXPECT_TRUE(eventually([&] { return log.problem().empty(); })) << log.problem();
}

TEST(KafkaLog, PoisonRecordsDoNotStopTheHistories) {
  MockKafka kafka;
  kafka.create_topic("events", 2);
  kafka.create_topic("events-dead", 1);
  Metrics metrics;
  KafkaLog log(kafka.options("events"), metrics);
  std::vector<LogEntry> records;
  for (int i = 0; i < 100; ++i) {
    const std::string user = "u" + std::to_string(i % 10);
    const bool poison = i % 4 == 0;
    records.push_back({user, poison ? "{broken" : R"({"user":")" + user + R"(","item":"i"})"});
  }
  const auto token = append_and_wait(log, records);
  ASSERT_TRUE(token);

  TestStore files;
  store::HistoryStore store(files.database());
  Watermark visible;
  store::TransientHistories transient({}, system_clock(), metrics);
  HistoryWriter writer(log, store, transient, visible, {}, {}, metrics);
  std::jthread thread([&](std::stop_token stop) { writer.run(std::move(stop)); });
  EXPECT_TRUE(eventually([&] { return covers(visible.positions(), *token); }));
  thread.request_stop();
  thread.join();
  std::size_t rows = 0;
  for (int i = 0; i < 10; ++i) rows += *store.count({Owner::Kind::user, "u" + std::to_string(i)});
  EXPECT_EQ(rows, 75U);
  EXPECT_EQ(*store.positions(), *token);

  KafkaLog dead(kafka.options("events-dead"), metrics);
  EXPECT_EQ(read(*dead.open_reader(Sharing::all, nullptr), 25).size(), 25U);
}

}  // namespace
}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "ingest/kafka/kafka_log.h"
#include "ingest/writer/history_writer.h"
#include "tests/support/event_log_steps.h"
#include "tests/support/mock_kafka.h"

namespace freshet::ingest {
namespace {

using freshet::testing::append_and_wait;
using freshet::testing::entries;
using freshet::testing::eventually;
using freshet::testing::MockKafka;
using freshet::testing::positions_after;
using freshet::testing::read;
using freshet::testing::values_of;
using ::testing::HasSubstr;

constexpr int kPartitions = 4;
constexpr std::int16_t kSyncGroup = 14;  // Kafka protocol

/// Every commit of every member, in order.
class CommitLog {
 public:
  struct Commit {
    char member;
    int partition;
    std::int64_t first, next;
  };

  void add(char member, const EventBatch& batch) {
    std::map<int, std::int64_t> first;
    for (const auto& event : batch.events) first.try_emplace(event.position.partition, event.position.offset);
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, next] : batch.next) commits_.push_back({member, partition, first[partition], next});
  }

  std::vector<Commit> of(int partition) const {
    const std::lock_guard lock(mutex_);
    std::vector<Commit> commits;
    std::ranges::copy_if(commits_, std::back_inserter(commits),
                         [&](const auto& c) { return c.partition == partition; });
    return commits;
  }

  /// Partitions that `member` has written to.
  std::size_t partitions_of(char member) const {
    const std::lock_guard lock(mutex_);
    std::set<int> partitions;
    for (const Commit& commit : commits_) {
      if (commit.member == member) partitions.insert(commit.partition);
    }
    return partitions.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Commit> commits_;  // guarded by mutex_
};

/// The store of one member.
struct MemberStore {
  std::mutex mutex;
  Positions positions;  // guarded by mutex
  std::atomic<bool> broken{false};
};

class MemberSink final : public HistorySink {
 public:
  MemberSink(char member, MemberStore& store, CommitLog& commits) : member_(member), store_(store), commits_(commits) {}

  Result<store::CommitCounts> commit(const EventBatch& batch, bool) override {
    if (store_.broken) return Error{Errc::unavailable, "broken for the test"};
    commits_.add(member_, batch);
    const std::lock_guard lock(store_.mutex);
    for (const auto& [partition, offset] : batch.next) store_.positions[partition] = offset;
    return store::CommitCounts{};
  }
  Result<Positions> positions() const override {
    const std::lock_guard lock(store_.mutex);
    return store_.positions;
  }

 private:
  const char member_;
  MemberStore& store_;
  CommitLog& commits_;
};

/// One instance of the service, as far as the group sees it.
class Member {
 public:
  Member(char name, const KafkaOptions& options, MemberStore& store, CommitLog& commits)
      : log_(options, metrics_),
        writer_(log_, std::make_unique<MemberSink>(name, store, commits), visible_, {}, {}, metrics_),
        thread_([this](std::stop_token stop) { writer_.run(std::move(stop)); }) {}
  ~Member() {
    thread_.request_stop();
    thread_.join();
  }

  std::string problem() const { return writer_.problem(); }

 private:
  Metrics metrics_;
  Watermark visible_;
  KafkaLog log_;
  HistoryWriter writer_;
  std::jthread thread_;
};

/// Appends events, evenly over the partitions, until stop().
class Load {
 public:
  explicit Load(const KafkaOptions& options)
      : log_(options, metrics_), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  /// Returns the end of the log after the last event.
  Positions stop() {
    thread_.request_stop();
    thread_.join();
    return ends_;
  }

 private:
  void run(const std::stop_token& stop) {
    for (int number = 0; !stop.stop_requested(); ++number) {
      std::vector<LogEntry> batch;
      for (int i = 0; i < 20; ++i) {
        const std::string user = "u" + std::to_string((number * 20 + i) % 97);
        batch.push_back({user, R"({"user":")" + user + R"(","item":"i"})"});
      }
      const auto token = append_and_wait(log_, std::move(batch));
      ASSERT_TRUE(token) << token.error().message;
      advance(ends_, *token);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  Metrics metrics_;
  KafkaLog log_;
  Positions ends_;
  std::jthread thread_;
};

class KafkaGroupTest : public ::testing::Test {
 protected:
  KafkaGroupTest() { kafka_.create_topic("events", kPartitions); }

  std::unique_ptr<Member> join(char name) {
    return std::make_unique<Member>(name, kafka_.options("events"), name == 'a' ? store_a_ : store_b_, commits_);
  }

  /// True if the stores of all members together have everything below `ends`.
  bool all_written(const Positions& ends) {
    Positions together;
    for (MemberStore* store : {&store_a_, &store_b_}) {
      const std::lock_guard lock(store->mutex);
      advance(together, store->positions);
    }
    return covers(together, ends);
  }

  /// No record is missing. The records that one member wrote have no gaps and no repetitions. A member did not write to
  /// a partition after it was revoked, until it was assigned again.
  void expect_clean_handovers(const Positions& ends, std::size_t most_owners) {
    for (const auto& [partition, end] : ends) {
      SCOPED_TRACE("partition " + std::to_string(partition));
      std::int64_t covered = 0;
      std::map<char, std::int64_t> next_of;
      std::string owners;
      for (const auto& commit : commits_.of(partition)) {
        if (owners.empty() || owners.back() != commit.member) owners += commit.member;
        ASSERT_LE(commit.first, covered) << "a hole before what " << commit.member << " wrote";
        const auto own = next_of.find(commit.member);
        if (own != next_of.end()) {
          ASSERT_EQ(commit.first, own->second) << commit.member << " went on elsewhere";
        }
        next_of[commit.member] = commit.next;
        covered = std::max(covered, commit.next);
      }
      EXPECT_GE(covered, end);
      EXPECT_LE(owners.size(), most_owners) << "owners took turns: " << owners;
    }
  }

  MockKafka kafka_;
  CommitLog commits_;
  MemberStore store_a_, store_b_;
};

TEST_F(KafkaGroupTest, PartitionsMoveBetweenMembersUnderLoadWithoutLossOrStaleWrites) {
  Load load(kafka_.options("events"));
  auto a = join('a');
  ASSERT_TRUE(eventually([&] { return commits_.partitions_of('a') == kPartitions; }));
  auto b = join('b');
  ASSERT_TRUE(eventually([&] { return commits_.partitions_of('b') >= kPartitions / 2; }));
  b.reset();  // leaves: its partitions go back to a
  const Positions ends = load.stop();
  ASSERT_EQ(ends.size(), static_cast<std::size_t>(kPartitions));
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(store_a_.mutex);
    return covers(store_a_.positions, ends);
  })) << "regained partitions are read on from a's own positions";
  a.reset();
  expect_clean_handovers(ends, 3);
}

TEST_F(KafkaGroupTest, ABatchHeldOverABackOffIsNotWrittenToPartitionsThatWereTakenAway) {
  Load load(kafka_.options("events"));
  auto a = join('a');
  ASSERT_TRUE(eventually([&] { return commits_.partitions_of('a') == kPartitions; }));
  store_a_.broken = true;  // a now has a batch of all partitions that it cannot write
  ASSERT_TRUE(eventually([&] { return a->problem() == "broken for the test"; }));
  auto b = join('b');
  ASSERT_TRUE(eventually([&] { return commits_.partitions_of('b') >= kPartitions / 2; }));
  store_a_.broken = false;
  const Positions ends = load.stop();
  EXPECT_TRUE(eventually([&] { return all_written(ends); }));
  a.reset();
  b.reset();
  expect_clean_handovers(ends, 2);
}

TEST_F(KafkaGroupTest, AnInstanceWithAnEmptyStoreReadsEverythingWhateverTheGroupHasCommitted) {
  Metrics metrics;
  KafkaLog log(kafka_.options("events"), metrics);
  ASSERT_TRUE(append_and_wait(log, entries(40, 10)));
  for (const char* store : {"the first", "one that was lost"}) {
    const auto reader = log.open_reader(Sharing::group, [] { return Positions{}; });
    const auto records = read(*reader, 40);
    EXPECT_THAT(values_of(records), ::testing::UnorderedElementsAreArray(values_of(entries(40, 10)))) << store;
    reader->commit(positions_after(records));
    (void)reader->poll(1, std::chrono::milliseconds(200));
  }
}

TEST_F(KafkaGroupTest, APartitionThatAnotherInstanceHasReadGoesOnFromWhatTheGroupHasCommitted) {
  Metrics metrics;
  KafkaLog log(kafka_.options("events"), metrics);
  const auto token = append_and_wait(log, entries(40, 10, "old"));
  ASSERT_TRUE(token);
  {
    const auto other = log.open_reader(Sharing::group, [] { return Positions{}; });
    other->commit(positions_after(read(*other, 40)));
    (void)other->poll(1, std::chrono::milliseconds(200));
  }
  const Positions own{*token->begin()};
  const auto reader = log.open_reader(Sharing::group, [&] { return own; });
  Positions told = own;
  EXPECT_TRUE(eventually([&] {
    const auto batch = reader->poll(100, std::chrono::milliseconds(50));
    if (batch) move_to(told, batch->next);
    return told == *token;
  })) << "or it would be behind by all of it until something comes";
  ASSERT_TRUE(append_and_wait(log, entries(40, 10, "new")));
  EXPECT_THAT(values_of(read(*reader, 40)), ::testing::UnorderedElementsAreArray(values_of(entries(40, 10, "new"))));
}

TEST_F(KafkaGroupTest, AMemberWaitsForItsPartitionsUntilTheGroupHasDecidedEvenThatItHasNone) {
  kafka_.create_topic("small", 1);
  Metrics metrics;
  KafkaLog log(kafka_.options("small"), metrics);
  std::vector<std::unique_ptr<LogReader>> members;
  for (int i = 0; i < 2; ++i) {
    members.push_back(log.open_reader(Sharing::group, [] { return Positions{}; }));
    EXPECT_THAT(members.back()->problem(), HasSubstr("to assign partitions"));
  }
  EXPECT_TRUE(eventually([&] {
    for (const auto& member : members) (void)member->poll(1, std::chrono::milliseconds(1));
    return std::ranges::all_of(members, [](const auto& member) { return member->problem().empty(); });
  }));
}

TEST_F(KafkaGroupTest, AMemberThatIsClosedBeforeItsFirstAssignmentLeavesQuietly) {
  // It joins, but never gets an assignment. Here librdkafka 2.0 aborts the process.
  constexpr std::size_t kErrors = 4;
  const auto error = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
  rd_kafka_mock_broker_push_request_error_rtts(kafka_.cluster(), 1, kSyncGroup, kErrors, error, 0, error, 0, error, 0,
                                               error, 0);
  Metrics metrics;
  KafkaLog log(kafka_.options("events"), metrics);
  const auto reader = log.open_reader(Sharing::group, [] { return Positions{}; });
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(reader->poll(1, std::chrono::milliseconds(10)));
    std::size_t left = kErrors;
    rd_kafka_mock_broker_error_stack_cnt(kafka_.cluster(), 1, kSyncGroup, &left);
    return left < kErrors;
  }));
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_ingest_rebalances_total 0\n"));
}

TEST_F(KafkaGroupTest, UntilTheGroupHasDecidedEverythingCountsAsUnread) {
  Metrics metrics;
  KafkaLog log(kafka_.options("events"), metrics);
  const auto token = append_and_wait(log, entries(40, 10));
  ASSERT_TRUE(token);
  const auto reader = log.open_reader(Sharing::group, [] { return Positions{}; });
  EXPECT_TRUE(eventually([&] { return covers(reader->end_positions(), *token); }));
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_ingest_rebalances_total 0\n"));
}

}  // namespace
}  // namespace freshet::ingest

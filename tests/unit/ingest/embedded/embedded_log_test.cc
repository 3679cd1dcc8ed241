// SPDX-License-Identifier: Apache-2.0
#include "ingest/embedded/embedded_log.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <optional>

#include "ingest/codec/event_encoder.h"
#include "store/database.h"
#include "tests/support/event_log_contract.h"
#include "tests/support/fake_clock.h"
#include "tests/support/test_store.h"

namespace freshet::ingest {
namespace {

using freshet::testing::append_and_wait;
using freshet::testing::contract_name;
using freshet::testing::entries;
using freshet::testing::EventLogContract;
using freshet::testing::eventually;
using freshet::testing::FakeClock;
using freshet::testing::LogUnderTest;
using freshet::testing::LogUnderTestFactory;
using freshet::testing::read;
using freshet::testing::TestStore;

/// An embedded log in a new directory, with a clock that tests set.
class EmbeddedUnderTest final : public LogUnderTest {
 public:
  explicit EmbeddedUnderTest(const EmbeddedOptions& options = {}) : options_(options) { open_log(); }

  EventLog& log() override { return *log_; }
  void reopen() override {
    close();
    open();
  }

  /// Makes queued records durable first.
  void close() {
    log_.reset();
    journal_.reset();
    store_.close();
  }
  void open() {
    store_.reopen();
    open_log();
  }

  store::Journal& journal() { return *journal_; }
  FakeClock& clock() { return clock_; }
  Metrics& metrics() { return metrics_; }

 private:
  void open_log() {
    journal_.emplace(store_.database());
    log_.emplace(*journal_, options_, DecodeOptions{}, clock_, metrics_);
  }

  const EmbeddedOptions options_;
  TestStore store_;
  FakeClock clock_{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics_;
  std::optional<store::Journal> journal_;
  std::optional<EmbeddedLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract,
                         ::testing::Values(LogUnderTestFactory{"Journal",
                                                               [] { return std::make_unique<EmbeddedUnderTest>(); }}),
                         contract_name);

TEST(EmbeddedLog, IsOnePartitionWithDenseOffsetsStampedOnArrival) {
  EmbeddedUnderTest embedded;
  EXPECT_EQ(*append_and_wait(embedded.log(), entries(3, 3)), (Positions{{0, 3}}));
  embedded.clock().advance(std::chrono::seconds(5));
  EXPECT_EQ(*append_and_wait(embedded.log(), entries(1, 1)), (Positions{{0, 4}}));
  const auto reader = embedded.log().open_reader(Sharing::all, nullptr);
  const auto records = read(*reader, 4);
  ASSERT_EQ(records.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(records[i].position, (Position{0, static_cast<std::int64_t>(i)}));
    EXPECT_EQ(to_ms(records[i].arrival), i < 3 ? 1'700'000'000'000 : 1'700'000'005'000);
  }
  EXPECT_EQ(embedded.log().name(), "embedded");
  EXPECT_EQ(embedded.log().dead_letters(), nullptr);
  EXPECT_EQ(embedded.log().problem(), "");
}

TEST(EmbeddedLog, ForgetsAnOwnersRecordsOnceEveryReaderIsPastThem) {
  EmbeddedUnderTest embedded;
  const auto event = [](const std::string& user, const std::string& session) {
    return LogEntry{user.empty() ? session : user,
                    R"({"user":")" + user + R"(","session":")" + session + R"(","item":"i"})"};
  };
  const auto anonymous = LogEntry{"me", R"({"session":"me","item":"i"})"};
  const Owner me{Owner::Kind::user, "me"};
  const LogEntry erase{"me", encode_erase(me)};
  ASSERT_TRUE(append_and_wait(
      embedded.log(), {event("me", "s"), event("you", "s"), anonymous, event("me", "t"), erase, event("me", "u")}));
  const auto slow = embedded.log().open_reader(Sharing::all, nullptr);
  const auto fast = embedded.log().open_reader(Sharing::all, nullptr);
  const std::vector<store::Erasure> erasures{{me, Positions{{0, 5}}, {}}};
  fast->commit({{0, 5}});
  slow->commit({{0, 4}});
  EXPECT_FALSE(*embedded.log().forget(erasures)) << "the slow one has yet to read the erase record";
  slow->commit({{0, 5}});
  EXPECT_TRUE(*embedded.log().forget(erasures));

  slow->seek({});
  const auto batch = slow->poll(100, std::chrono::seconds(10));
  ASSERT_TRUE(batch);
  std::vector<std::int64_t> offsets;
  for (const auto& record : batch->records) offsets.push_back(record.position.offset);
  EXPECT_EQ(offsets, (std::vector<std::int64_t>{1, 2, 5})) << "others, a session of that name, and what came after";
  EXPECT_EQ(batch->next, (Positions{{0, 6}}));
}

TEST(EmbeddedLog, AFullQueueIsAnsweredAtOnce) {
  EmbeddedOptions options;
  options.max_queued_records = 10;
  EmbeddedUnderTest embedded(options);

  // While the first callback blocks the journal's thread, nothing leaves the queue.
  std::latch answering(1), release(1);
  embedded.log().append(entries(1, 1), [&](const Result<Positions>&) {
    answering.count_down();
    release.wait();
  });
  answering.wait();
  std::promise<Result<Positions>> queued;
  embedded.log().append(entries(8, 1), [&](Result<Positions> positions) { queued.set_value(std::move(positions)); });
  std::optional<Result<Positions>> refused;
  embedded.log().append(entries(3, 1), [&](Result<Positions> positions) { refused.emplace(std::move(positions)); });
  ASSERT_TRUE(refused) << "answered on the calling thread";
  ASSERT_FALSE(*refused);
  EXPECT_EQ(refused->error().code, Errc::overloaded);

  release.count_down();
  EXPECT_EQ(*queued.get_future().get(), (Positions{{0, 9}}));
  EXPECT_TRUE(append_and_wait(embedded.log(), entries(3, 1))) << "there is room again";
}

TEST(EmbeddedLog, TheQueueIsBoundedInBytesToo) {
  EmbeddedOptions options;
  options.max_queued_bytes = 100;
  EmbeddedUnderTest embedded(options);
  std::latch answering(1), release(1);
  embedded.log().append({{"k", std::string(1000, 'x')}}, [&](const Result<Positions>& end) {
    EXPECT_TRUE(end) << "a single append is taken when nothing waits";
    answering.count_down();
    release.wait();
  });
  answering.wait();
  std::promise<Result<Positions>> queued;
  embedded.log().append({{"k", std::string(60, 'x')}},
                        [&](Result<Positions> end) { queued.set_value(std::move(end)); });
  const auto refused = append_and_wait(embedded.log(), {{"k", std::string(60, 'x')}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  release.count_down();
  EXPECT_TRUE(queued.get_future().get());
}

TEST(EmbeddedLog, WhatIsQueuedBecomesDurableBeforeItCloses) {
  EmbeddedUnderTest embedded;
  std::latch answering(1), release(1);
  embedded.log().append(entries(1, 1), [&](const Result<Positions>&) {
    answering.count_down();
    release.wait();
  });
  answering.wait();
  Positions last;
  embedded.log().append(entries(5, 1), [&](const Result<Positions>& positions) { last = *positions; });
  release.count_down();
  embedded.close();
  EXPECT_EQ(last, (Positions{{0, 6}}));
  embedded.open();
  EXPECT_EQ(embedded.journal().end(), 6);
}

EmbeddedOptions trimmed_after(std::chrono::hours retention) {
  EmbeddedOptions options;
  options.retention = retention;
  options.trim_interval = std::chrono::milliseconds(1);
  return options;
}

TEST(EmbeddedLog, TrimsBelowEveryReadersCommitOnceTheRetentionIsOver) {
  EmbeddedUnderTest embedded(trimmed_after(std::chrono::hours(24)));
  ASSERT_TRUE(append_and_wait(embedded.log(), entries(10, 1)));
  embedded.clock().advance(std::chrono::hours(25));
  ASSERT_TRUE(append_and_wait(embedded.log(), entries(10, 1)));

  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{}; });
  const auto learner = embedded.log().open_reader(Sharing::all, nullptr);
  writer->commit({{0, 20}});
  learner->commit({{0, 7}});
  EXPECT_TRUE(eventually([&] { return embedded.journal().begin() == 7; })) << "held by the slower reader";
  learner->commit({{0, 20}});
  EXPECT_TRUE(eventually([&] { return embedded.journal().begin() == 10; })) << "held by the retention";
  embedded.clock().advance(std::chrono::hours(25));
  EXPECT_TRUE(eventually([&] { return embedded.journal().begin() == 20; }));

  const auto late = learner->poll(100, std::chrono::seconds(10));
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->records.empty());
  EXPECT_EQ(late->next, (Positions{{0, 20}})) << "nothing is left that a reader from the beginning could wait for";
  EXPECT_EQ(*append_and_wait(embedded.log(), entries(1, 1)), (Positions{{0, 21}})) << "offsets are never used again";
  learner->seek({});
  EXPECT_EQ(read(*learner, 1).front().position.offset, 20) << "a reader below the beginning goes on at the beginning";
}

/// Appends a record of 64 KiB.
Result<Positions> append_large(EventLog& log) { return append_and_wait(log, {{"k", std::string(64 << 10, 'x')}}); }

EmbeddedOptions at_most(std::size_t bytes) {
  EmbeddedOptions options;
  options.max_bytes = bytes;
  options.max_queued_bytes = 256 << 10;
  options.trim_interval = std::chrono::hours(1);  // what is trimmed, is because of the bound
  return options;
}

TEST(EmbeddedLog, ALogThatIsTooLargeIsTrimmedBeforeTheRetentionIsOver) {
  EmbeddedUnderTest embedded(at_most(4 << 20));
  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{}; });
  for (int i = 0; i < 200; ++i) {
    const auto end = append_large(embedded.log());
    ASSERT_TRUE(end) << end.error().message;
    writer->commit(*end);
    EXPECT_LE(embedded.journal().bytes(), (4 << 20) + (1 << 20));
  }
  EXPECT_TRUE(eventually([&] { return embedded.journal().bytes() <= 4 << 20; }));
  EXPECT_GE(embedded.journal().bytes(), 2 << 20) << "no more is trimmed than must be";
  EXPECT_EQ(embedded.log().problem(), "");
}

TEST(EmbeddedLog, WhatAReaderHasNotCommittedIsKeptAndTheProducersAreRefused) {
  EmbeddedUnderTest embedded(at_most(1 << 20));
  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{}; });
  const auto learner = embedded.log().open_reader(Sharing::all, nullptr);
  const auto fill = [&] {
    int accepted = 0;
    std::optional<Error> refusal;
    EXPECT_TRUE(eventually([&] {
      const auto end = append_large(embedded.log());
      if (!end)
        refusal = end.error();
      else
        ++accepted;
      return refusal.has_value();
    }));
    EXPECT_EQ(refusal->code, Errc::overloaded);
    EXPECT_NE(refusal->message.find("embedded.max_bytes"), std::string::npos) << refusal->message;
    return accepted;
  };
  const int accepted = fill();
  EXPECT_GE(accepted, 16);
  EXPECT_LE(accepted, 32);
  EXPECT_EQ(embedded.journal().begin(), 0);
  EXPECT_NE(embedded.log().problem().find("embedded.max_bytes"), std::string::npos);
  EXPECT_TRUE(
      eventually([&] { return embedded.metrics().render().find("freshet_ingest_log_full 1") != std::string::npos; }));

  EXPECT_TRUE(embedded.log().open_reader(Sharing::all, nullptr)) << "another reader changes nothing";
  EXPECT_TRUE(append_and_wait(embedded.log(), {{"u", encode_erase({Owner::Kind::user, "u"}), {}, true}}))
      << "nobody has to wait for an erasure";
  writer->commit({{0, accepted}});
  EXPECT_FALSE(append_large(embedded.log())) << "the learner has yet to read them";
  learner->commit({{0, accepted}});
  EXPECT_TRUE(eventually([&] { return embedded.log().problem().empty(); }));
  EXPECT_TRUE(append_large(embedded.log()));
  EXPECT_TRUE(
      eventually([&] { return embedded.metrics().render().find("freshet_ingest_log_full 0") != std::string::npos; }));

  learner->seek({});
  std::int64_t next = embedded.journal().begin();
  for (const auto& record : read(*learner, 1)) EXPECT_EQ(record.position.offset, next++);
}

TEST(EmbeddedLog, AFullLogIsFullAfterARestartToo) {
  EmbeddedUnderTest embedded(at_most(1 << 20));
  EXPECT_TRUE(eventually([&] { return !append_large(embedded.log()); }));
  const std::int64_t bytes = embedded.journal().bytes(), end = embedded.journal().end();
  embedded.reopen();
  EXPECT_EQ(embedded.journal().bytes(), bytes);
  EXPECT_FALSE(append_large(embedded.log()));
  EXPECT_NE(embedded.log().problem(), "");
  const auto writer = embedded.log().open_reader(Sharing::group, [&] { return Positions{{0, end}}; });
  writer->commit({{0, end}});
  EXPECT_TRUE(eventually([&] { return append_large(embedded.log()).has_value(); }));
}

TEST(EmbeddedLog, WithoutABoundNothingIsTrimmedForItsSize) {
  EmbeddedUnderTest embedded(at_most(0));
  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{}; });
  for (int i = 0; i < 100; ++i) writer->commit(*append_large(embedded.log()));
  EXPECT_EQ(embedded.journal().begin(), 0);
  EXPECT_GE(embedded.journal().bytes(), 100 * (64 << 10));
}

TEST(EmbeddedLog, WhatAReadersStoreHoldsAtTheStartIsSafe) {
  EmbeddedUnderTest embedded(trimmed_after(std::chrono::hours(0)));
  ASSERT_TRUE(append_and_wait(embedded.log(), entries(10, 1)));
  embedded.clock().advance(std::chrono::hours(1));
  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{{0, 6}}; });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_and_wait(embedded.log(), entries(1, 1)));
  EXPECT_EQ(embedded.journal().begin(), 0) << "the service starts, and has another reader to open";
  const auto learner = embedded.log().open_reader(Sharing::all, nullptr);
  learner->commit({{0, 8}});
  EXPECT_TRUE(eventually([&] { return embedded.journal().begin() == 6; })) << "without an event that comes first";
}

TEST(EmbeddedLog, KeepsEverythingWhileAReaderHasCommittedNothing) {
  EmbeddedUnderTest embedded(trimmed_after(std::chrono::hours(0)));
  ASSERT_TRUE(append_and_wait(embedded.log(), entries(10, 1)));
  embedded.clock().advance(std::chrono::hours(1));
  auto silent = embedded.log().open_reader(Sharing::all, nullptr);
  const auto writer = embedded.log().open_reader(Sharing::group, [] { return Positions{}; });
  writer->commit({{0, 10}});
  // The thread that serves appends also trims. After several appends it has had the chance to.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_and_wait(embedded.log(), entries(1, 1)));
  EXPECT_EQ(embedded.journal().begin(), 0);
  silent.reset();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_and_wait(embedded.log(), entries(1, 1)));
  EXPECT_EQ(embedded.journal().begin(), 0) << "the service stops, and this reader is the next to close";
  writer->commit({{0, 10}});
  EXPECT_TRUE(eventually([&] { return embedded.journal().begin() == 10; }));
}

TEST(EmbeddedLog, AReaderSaysAtOnceThatTheLogWasRecreatedEvenIfItIsEmpty) {
  EmbeddedUnderTest embedded;
  const auto reader = embedded.log().open_reader(Sharing::group, [] { return Positions{{0, 99}}; });
  const auto recreated = reader->poll(10, std::chrono::hours(1));
  ASSERT_TRUE(recreated);
  EXPECT_TRUE(recreated->records.empty());
  EXPECT_EQ(recreated->next, (Positions{{0, 0}}));
  EXPECT_EQ(recreated->recreated, std::set<std::int32_t>{0});
  EXPECT_TRUE(reader->poll(10, std::chrono::milliseconds(0))->recreated.empty()) << "once";
}

TEST(EmbeddedLog, ALogThatHasGrownBeyondTheOldPositionBeforeTheFirstPollWasRecreatedAllTheSame) {
  EmbeddedUnderTest embedded;
  const auto reader = embedded.log().open_reader(Sharing::group, [] { return Positions{{0, 3}}; });
  ASSERT_TRUE(append_and_wait(embedded.log(), entries(10, 1)));
  const auto batch = reader->poll(100, std::chrono::seconds(10));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->next, (Positions{{0, 10}}));
  EXPECT_EQ(batch->recreated, std::set<std::int32_t>{0});
}

}  // namespace
}  // namespace freshet::ingest

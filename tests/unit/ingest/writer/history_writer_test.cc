// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/history_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ingest/codec/event_encoder.h"
#include "store/database.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_event_log.h"
#include "tests/support/history_events.h"
#include "tests/support/test_store.h"

namespace freshet::ingest {
namespace {

using freshet::testing::FakeClock;
using freshet::testing::FakeEventLog;
using freshet::testing::items_of_events;
using freshet::testing::TestStore;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What a sink does, and what was done to it.
struct SinkScript {
  Result<Positions> positions{Positions{}};
  int failures = 0;  ///< number of commits that fail first
  std::vector<EventBatch> commits;
  std::vector<bool> kept_rejected;
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

class ScriptedSink final : public HistorySink {
 public:
  explicit ScriptedSink(SinkScript& script) : script_(script) {}
  Result<store::CommitCounts> commit(const EventBatch& batch, bool keep_rejected) override {
    if (script_.failures > 0) {
      --script_.failures;
      return Error{Errc::unavailable, "disk full"};
    }
    script_.note("store " + to_token(batch.next));
    script_.commits.push_back(batch);
    script_.kept_rejected.push_back(keep_rejected);
    store::CommitCounts counts;
    counts.stored = batch.events.size();
    return counts;
  }
  Result<Positions> positions() const override { return script_.positions; }

 private:
  SinkScript& script_;
};

LogBatch batch_of(int partition, std::int64_t first, const std::vector<std::string>& values) {
  LogBatch batch;
  for (const std::string& value : values) {
    batch.records.push_back({{partition, first++}, timestamp_from_ms(1'700'000'000'000), "key", value, {}});
  }
  batch.next[partition] = first;
  return batch;
}

std::string event(const std::string& item) { return R"({"user":"u","item":")" + item + R"(","ts":1700000000000})"; }

class HistoryWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log_.at_end = [this] { stop_.request_stop(); };
    log_.note = sink_.note = [this](const std::string& what) { done_.push_back(what); };
  }

  std::unique_ptr<HistoryWriter> make_writer() {
    return std::make_unique<HistoryWriter>(log_, std::make_unique<ScriptedSink>(sink_), visible_, decode_, options_,
                                           metrics_);
  }
  void run() {
    writer_ = make_writer();
    writer_->run(stop_.get_token());
  }

  FakeEventLog log_;
  SinkScript sink_;
  Watermark visible_;
  DecodeOptions decode_;
  const WriterOptions options_;
  Metrics metrics_;
  std::stop_source stop_;
  std::vector<std::string> done_;
  std::unique_ptr<HistoryWriter> writer_;
};

TEST_F(HistoryWriterTest, CommitsWholeBatchesAndThenMakesThemVisible) {
  log_.polls.emplace_back(batch_of(0, 0, {event("a"), event("b")}));
  log_.polls.emplace_back(batch_of(1, 5, {event("c")}));
  log_.ends = {{0, 2}, {1, 10}};
  run();
  EXPECT_THAT(done_, ElementsAre("store 0-2", "log 0-2", "store 1-6", "log 1-6"));
  ASSERT_EQ(sink_.commits.size(), 2U);
  EXPECT_EQ(sink_.commits[0].events.size(), 2U);
  EXPECT_EQ(sink_.commits[0].events[1].position, (Position{0, 1}));
  EXPECT_EQ(sink_.commits[0].events[1].event.item, "b");
  EXPECT_EQ(visible_.positions(), (Positions{{0, 2}, {1, 6}}));
  EXPECT_EQ(writer_->problem(), "");
  EXPECT_EQ(writer_->end_positions(), log_.ends);
  const std::string metrics = metrics_.render();
  EXPECT_THAT(metrics, HasSubstr("freshet_ingest_events_total{result=\"stored\"} 3"));
  EXPECT_THAT(metrics, HasSubstr("freshet_ingest_lag_events{partition=\"1\"} 4"));
  EXPECT_THAT(metrics, HasSubstr("freshet_ingest_batch_events_count 2"));
  EXPECT_THAT(metrics, HasSubstr("freshet_ingest_commit_seconds_count 2"));
}

TEST_F(HistoryWriterTest, AReadYourWritesWaiterIsWokenAfterTheCommit) {
  bool visible_before_commit = false, woken = false;
  visible_.wait_for({{0, 1}}, [&] {
    woken = true;
    visible_before_commit = sink_.commits.empty();
  });
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  run();
  EXPECT_TRUE(woken);
  EXPECT_FALSE(visible_before_commit);
}

TEST_F(HistoryWriterTest, RejectedRecordsGoToTheStoreIfTheLogHasNoPlaceForThem) {
  log_.polls.emplace_back(batch_of(0, 0, {"{broken", event("a"), R"({"user":"u"})"}));
  run();
  ASSERT_EQ(sink_.commits.size(), 1U);
  EXPECT_THAT(sink_.kept_rejected, ElementsAre(true));
  EXPECT_EQ(sink_.commits[0].events.size(), 1U);
  ASSERT_EQ(sink_.commits[0].rejected.size(), 2U);
  const RejectedRecord& rejected = sink_.commits[0].rejected[1];
  EXPECT_EQ(rejected.reason, "item: missing");
  EXPECT_EQ(rejected.position, (Position{0, 2}));
  EXPECT_EQ(rejected.key, "key");
  EXPECT_EQ(rejected.value, R"({"user":"u"})");
  EXPECT_EQ(visible_.positions(), (Positions{{0, 3}}));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_events_total{result=\"rejected\"} 2"));
}

TEST_F(HistoryWriterTest, EventsThatAreTooOldAreDeadLettersAndErasuresAreNeverTooOld) {
  decode_.oldest_kept = [] { return timestamp_from_ms(1'700'000'000'000); };
  const std::string old = R"({"user":"u","item":"old","ts":1699999999999})";
  const std::string erase = R"({"type":"$erase","user":"u","ts":1})";
  log_.polls.emplace_back(batch_of(0, 0, {event("a"), old, "{broken", erase}));
  run();
  ASSERT_EQ(sink_.commits.size(), 1U);
  const EventBatch& batch = sink_.commits.front();
  EXPECT_EQ(batch.events.size(), 2U);
  ASSERT_EQ(batch.rejected.size(), 2U);
  EXPECT_EQ(batch.rejected.front().value, old);
  EXPECT_THAT(batch.rejected.front().reason, HasSubstr("is too old"));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_events_total{result=\"expired\"} 1"));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_events_total{result=\"rejected\"} 1"));
}

TEST_F(HistoryWriterTest, DeadLettersAreDurableBeforeThePositionsPassThem) {
  log_.has_dead_letter_topic = true;
  log_.polls.emplace_back(batch_of(0, 0, {"{broken", event("a")}));
  log_.polls.emplace_back(batch_of(0, 2, {event("b")}));
  run();
  EXPECT_THAT(done_, ElementsAre("dead letters", "store 0-2", "log 0-2", "store 0-3", "log 0-3"));
  EXPECT_FALSE(sink_.kept_rejected.front());
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_dead_letters_total{place=\"topic\"} 1"));
}

TEST_F(HistoryWriterTest, AStoreThatFailsIsTriedAgainAndNothingIsSkipped) {
  log_.has_dead_letter_topic = true;
  sink_.failures = 3;
  log_.polls.emplace_back(batch_of(0, 0, {event("a"), "{broken"}));
  log_.polls.emplace_back(batch_of(0, 2, {event("b")}));
  std::vector<std::string> problems;
  log_.on_idle = [&] { problems.push_back(writer_->problem()); };
  writer_ = make_writer();
  writer_->run(stop_.get_token());
  EXPECT_THAT(done_, ElementsAre("dead letters", "store 0-2", "log 0-2", "store 0-3", "log 0-3"))
      << "dead letters are not written again with every attempt";
  EXPECT_GE(problems.size(), 3U);
  EXPECT_THAT(problems, ::testing::Each("disk full"));
  EXPECT_EQ(writer_->problem(), "");
  EXPECT_EQ(visible_.positions(), (Positions{{0, 3}}));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_retries_total 3"));
}

TEST_F(HistoryWriterTest, DeadLettersThatTheLogDoesNotTakeGoToTheStoreAndHoldNothingBack) {
  log_.has_dead_letter_topic = true;
  log_.failing_dead_letters = 1;
  log_.polls.emplace_back(batch_of(0, 0, {"{broken", event("a")}));
  log_.polls.emplace_back(batch_of(0, 2, {"{broken too"}));
  log_.polls.emplace_back(batch_of(0, 3, {event("b")}));
  run();
  EXPECT_THAT(done_, ElementsAre("store 0-2", "log 0-2", "store 0-3", "log 0-3", "store 0-4", "log 0-4"))
      << "the log is not asked again with every batch";
  EXPECT_EQ(sink_.commits.front().rejected.size(), 1U);
  EXPECT_TRUE(sink_.kept_rejected[0] && sink_.kept_rejected[1]);
  EXPECT_EQ(writer_->problem(), "");
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_dead_letters_total{place=\"store\"} 2"));
}

TEST_F(HistoryWriterTest, BacksOffLongerWithEveryFailure) {
  sink_.failures = 4;
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  run();
  // 50, 100, 200 and 400 ms in slices of at most 100 ms.
  EXPECT_EQ(log_.idles, 1U + 1U + 2U + 4U);
}

TEST_F(HistoryWriterTest, StopsInTheMiddleOfABackOffWithoutHavingPassedTheBatch) {
  sink_.failures = 1000;
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  log_.on_idle = [this] { stop_.request_stop(); };
  run();
  EXPECT_EQ(log_.idles, 1U);
  EXPECT_THAT(done_, IsEmpty());
  EXPECT_EQ(visible_.positions(), Positions{});
}

TEST_F(HistoryWriterTest, ALogThatIsAwayIsAskedAgain) {
  log_.polls.emplace_back(Error{Errc::unavailable, "broker away"});
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  std::string problem;
  log_.on_idle = [&] { problem = writer_->problem(); };
  writer_ = make_writer();
  writer_->run(stop_.get_token());
  EXPECT_EQ(problem, "broker away");
  EXPECT_EQ(writer_->problem(), "");
  EXPECT_EQ(sink_.commits.size(), 1U);
}

TEST_F(HistoryWriterTest, WhatChangedHandsDuringABackOffIsTheNewOwnersToWrite) {
  LogBatch batch = batch_of(0, 7, {event("mine")});
  batch.records.push_back({{1, 3}, timestamp_from_ms(1'700'000'000'000), "k", event("theirs"), {}});
  batch.records.push_back({{1, 4}, timestamp_from_ms(1'700'000'000'000), "k", "{theirs too", {}});
  batch.next[1] = 5;
  log_.polls.emplace_back(std::move(batch));
  sink_.failures = 2;
  log_.on_idle = [this] { log_.revoked = {1}; };
  run();
  ASSERT_EQ(sink_.commits.size(), 1U);
  EXPECT_EQ(sink_.commits[0].next, (Positions{{0, 8}}));
  ASSERT_EQ(sink_.commits[0].events.size(), 1U);
  EXPECT_EQ(sink_.commits[0].events[0].event.item, "mine");
  EXPECT_THAT(sink_.commits[0].rejected, IsEmpty());
}

TEST_F(HistoryWriterTest, ABatchOfWhichNothingIsOursAnyMoreIsDropped) {
  log_.polls.emplace_back(batch_of(1, 0, {event("theirs")}));
  sink_.failures = 1;
  log_.on_idle = [this] { log_.revoked = {1}; };
  run();
  EXPECT_THAT(sink_.commits, IsEmpty());
  EXPECT_EQ(visible_.positions(), Positions{});
}

TEST_F(HistoryWriterTest, ABatchOfPositionsAloneIsPassed) {
  LogBatch skipped;
  skipped.next[0] = 50;
  log_.polls.emplace_back(std::move(skipped));
  run();
  EXPECT_THAT(done_, ElementsAre("store 0-50", "log 0-50"));
}

TEST_F(HistoryWriterTest, TokensOfALogThatWasRecreatedWaitForItsOwnEvents) {
  sink_.positions = Positions{{0, 300}};
  visible_.move_to({{0, 300}});
  LogBatch empty;
  empty.next[0] = 0;
  empty.recreated = {0};
  bool woken = false, woken_early = false;
  log_.polls.emplace_back(std::move(empty));
  log_.note = sink_.note = [&](const std::string& what) {
    done_.push_back(what);
    if (what == "store 0-1") {
      visible_.wait_for({{0, 1}}, [&] { woken = true; });
      woken_early = woken;
    }
  };
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  run();
  EXPECT_THAT(done_, ElementsAre("store 0-0", "log 0-0", "store 0-1", "log 0-1"));
  EXPECT_THAT(sink_.commits[0].recreated, ElementsAre(0)) << "the store is told";
  EXPECT_THAT(sink_.commits[1].recreated, IsEmpty());
  EXPECT_FALSE(woken_early) << "the old log's position does not count";
  EXPECT_TRUE(woken);
  EXPECT_EQ(visible_.positions(), (Positions{{0, 1}}));
}

TEST_F(HistoryWriterTest, ThatALogWasRecreatedIsToldToTheStoreUntilItIsWrittenAndToNobodyElse) {
  LogBatch batch = batch_of(0, 0, {event("mine")});
  batch.next[1] = 0;
  batch.recreated = {0, 1};
  log_.polls.emplace_back(std::move(batch));
  sink_.failures = 2;
  log_.on_idle = [this] { log_.revoked = {1}; };
  run();
  ASSERT_EQ(sink_.commits.size(), 1U);
  EXPECT_EQ(sink_.commits[0].next, (Positions{{0, 1}}));
  EXPECT_THAT(sink_.commits[0].recreated, ElementsAre(0));
}

TEST_F(HistoryWriterTest, TellsTheReaderWhereToGoOn) {
  sink_.positions = Positions{{0, 4}, {2, 9}};
  log_.polls.emplace_back(batch_of(0, 4, {event("a")}));
  run();
  EXPECT_EQ(log_.positions_of(), (Positions{{0, 5}, {2, 9}})) << "as in the store after its own commits";
}

TEST_F(HistoryWriterTest, CannotStartWithoutTheStoredPositions) {
  sink_.positions = Error{Errc::corrupt, "a log position cannot be decoded"};
  try {
    make_writer();
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot read the stored log positions: a log position cannot be decoded");
  }
}

TEST_F(HistoryWriterTest, APartitionThatWentAwayHasNoLag) {
  log_.polls.emplace_back(batch_of(0, 0, {event("a")}));
  log_.polls.emplace_back(batch_of(0, 1, {event("b")}));
  log_.ends = {{0, 9}, {1, 4}};
  sink_.note = [this](const std::string& what) {
    if (what == "store 0-2") log_.ends = {{0, 9}};
  };
  run();
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_lag_events{partition=\"0\"} 7"));
  EXPECT_THAT(metrics_.render(), Not(HasSubstr("partition=\"1\"")));
}

class HistoryWriterOnAStoreTest : public HistoryWriterTest {
 protected:
  TestStore files;
  store::HistoryStore store{files.database()};
  const FakeClock clock{timestamp_from_ms(1'700'000'000'000)};
  store::TransientHistories transient{store::Options{}, clock, metrics_};
};

TEST_F(HistoryWriterOnAStoreTest, WritesToTheRealStoreWhatTheLogHolds) {
  log_.polls.emplace_back(
      batch_of(0, 0, {event("a"), event("b"), "{broken", encode_erase({Owner::Kind::user, "u"}), event("c")}));
  HistoryWriter(log_, store, transient, visible_, decode_, options_, metrics_).run(stop_.get_token());
  const auto recent = store.recent({Owner::Kind::user, "u"}, 10);
  ASSERT_TRUE(recent);
  ASSERT_EQ(recent->size(), 1U);
  EXPECT_EQ(recent->front().item, "c");
  EXPECT_EQ(*store.positions(), (Positions{{0, 5}}));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_events_total{result=\"erased\"} 1"));
}

TEST_F(HistoryWriterOnAStoreTest, HoldsWhatHasNoConsentInMemoryAndPassesItsPositionUntilItIsErased) {
  const std::string gone = encode_erase({Owner::Kind::user, "v"});
  log_.polls.emplace_back(batch_of(
      0, 0,
      {R"({"user":"u","item":"a","consent":false})", R"({"user":"v","item":"b","consent":false})", gone, event("c")}));
  HistoryWriter(log_, store, transient, visible_, decode_, options_, metrics_).run(stop_.get_token());
  EXPECT_EQ(items_of_events(*store.recent({Owner::Kind::user, "u"}, 10)), (std::vector<std::string>{"c"}));
  EXPECT_EQ(items_of_events(transient.recent({Owner::Kind::user, "u"}, 10)), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(transient.recent({Owner::Kind::user, "v"}, 10).empty());
  EXPECT_EQ(*store.positions(), (Positions{{0, 4}}));
  EXPECT_THAT(metrics_.render(), HasSubstr("freshet_ingest_events_total{result=\"withheld\"} 2"));
}

TEST_F(HistoryWriterOnAStoreTest, AnErasureThatOvertakesAnEventWithoutConsentLeavesTheNewerOnes) {
  const Owner user{Owner::Kind::user, "u"};
  ASSERT_TRUE(store.erase(user, {{0, 1}}));
  Event newer;
  newer.user = "u";
  newer.item = "newer";
  transient.add(newer);
  log_.polls.emplace_back(batch_of(0, 0, {R"({"user":"u","item":"overtaken","consent":false})"}));
  HistoryWriter(log_, store, transient, visible_, decode_, options_, metrics_).run(stop_.get_token());
  EXPECT_EQ(items_of_events(transient.recent(user, 10)), (std::vector<std::string>{"newer"}));
}

}  // namespace
}  // namespace freshet::ingest

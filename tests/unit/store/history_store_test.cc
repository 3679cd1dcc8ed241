// SPDX-License-Identifier: Apache-2.0
#include "store/history_store.h"

#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>

#include <optional>

#include "store/dead_letters.h"
#include "store/rocks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/history_events.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::FakeClock;
using freshet::testing::items_of_events;
using freshet::testing::TestStore;
using freshet::testing::user_event;
using Items = std::vector<std::string>;

class HistoryStoreTest : public ::testing::Test {
 protected:
  void open(Options options) {
    store_.reset();
    files_.reopen(std::move(options));
    store_.emplace(files_.database());
  }

  Items recent(const std::string& user, std::size_t limit = 100) {
    return items_of_events(*store_->recent({Owner::Kind::user, user}, limit));
  }

  CommitCounts commit(std::vector<PositionedEvent> events) {
    return *store_->commit(batch_of(std::move(events)), true);
  }

  /// The items of all rows in the files.
  Items rows() {
    Items items;
    EXPECT_TRUE(store_->scan([&](const Owner&, const PositionedEvent& entry) {
      items.push_back(entry.event.item);
      return true;
    }));
    return items;
  }

  void compact(Family family = Family::history) {
    auto& db = files_.database().impl();
    ASSERT_TRUE(db.db->Flush(rocksdb::FlushOptions{}, db.family(family)).ok());
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db.db->CompactRange(options, db.family(family), nullptr, nullptr).ok());
  }

  FakeClock clock_{timestamp_from_ms(1'700'000'000'000)};
  TestStore files_{{}, clock_};
  std::optional<HistoryStore> store_{std::in_place, files_.database()};
};

TEST_F(HistoryStoreTest, NewestComesFirstWhateverTheOrderOfArrival) {
  commit({user_event(0, "u", "b", 2000), user_event(1, "u", "a", 1000), user_event(2, "u", "c", 3000),
          user_event(3, "uu", "x", 2500)});
  EXPECT_EQ(recent("u"), (Items{"c", "b", "a"}));
  EXPECT_EQ(recent("u", 2), (Items{"c", "b"}));
  EXPECT_EQ(recent("nobody"), Items{});
  EXPECT_EQ(*store_->count({Owner::Kind::user, "u"}), 3U);
  EXPECT_EQ(store_->stream_time(), timestamp_from_ms(3000));
}

TEST_F(HistoryStoreTest, AtTheSameTimeTheLaterInTheLogIsNewer) {
  commit({user_event(0, "u", "first", 1000), user_event(1, "u", "second", 1000)});
  EXPECT_EQ(recent("u"), (Items{"second", "first"}));
}

TEST_F(HistoryStoreTest, AnEventOfAUsersSessionIsInBothHistories) {
  auto entry = user_event(0, "u", "a", 1000);
  entry.event.session = "u";  // a session of the same name is another owner
  commit({entry, user_event(1, "u", "b", 2000)});
  EXPECT_EQ(recent("u"), (Items{"b", "a"}));
  EXPECT_EQ(items_of_events(*store_->recent({Owner::Kind::session, "u"}, 9)), Items{"a"});
}

TEST_F(HistoryStoreTest, ARepeatedCommitChangesNothing) {
  const auto batch = batch_of({user_event(0, "u", "a", 1000), user_event(1, "u", "b", 2000)});
  ASSERT_TRUE(store_->commit(batch, true));
  ASSERT_TRUE(store_->commit(batch, true));
  EXPECT_EQ(recent("u"), (Items{"b", "a"}));
  EXPECT_EQ(*store_->positions(), (Positions{{0, 2}}));
}

TEST_F(HistoryStoreTest, AnIdIsStoredOnceWithinItsWindow) {
  auto first = user_event(0, "u", "a", 1000), twin = user_event(1, "u", "a", 1000),
       next = user_event(2, "u", "b", 2000);
  first.event.id = twin.event.id = "id";
  next.event.id = "other";
  const CommitCounts counts = commit({first, twin, next});
  EXPECT_EQ(counts.stored, 2U);
  EXPECT_EQ(counts.duplicates, 1U);
  auto again = user_event(3, "u", "a", 1000);
  again.event.id = "id";
  EXPECT_EQ(commit({again}).duplicates, 1U);
  // The same record, read again after a crash, is not a duplicate.
  EXPECT_EQ(commit({first}).stored, 1U);
  EXPECT_EQ(recent("u"), (Items{"b", "a"}));
  again.position.offset = 4;
  again.arrival += std::chrono::hours(25);
  EXPECT_EQ(commit({again}).stored, 1U);
}

TEST_F(HistoryStoreTest, AnIdBelongsToTheKeyThatSentIt) {
  std::vector<PositionedEvent> events;
  for (const char* sender : {"", "shop/1", "shop/2", "other/1", "/1"}) {
    const auto offset = static_cast<std::int64_t>(events.size());
    events.push_back(user_event(offset, "u", "item-" + std::to_string(offset), 1000 + offset));
    events.back().event.id = "id";
    events.back().event.sender = sender;
  }
  EXPECT_EQ(commit({events[0], events[1]}).stored, 2U);
  EXPECT_EQ(commit({events[2]}).duplicates, 1U) << "the same key from another address";
  EXPECT_EQ(commit({events[3]}).stored, 1U);
  EXPECT_EQ(commit({events[4]}).duplicates, 1U) << "without a key as without a sender";
  EXPECT_EQ(recent("u"), (Items{"item-3", "item-1", "item-0"}));
}

TEST_F(HistoryStoreTest, AskingForAnIdReadsLittleOfAFileThatHoldsManyMoreThanTheCache) {
  Options options;
  options.block_cache_bytes = 64 << 10;
  open(options);
  const auto numbered = [](std::int64_t n) {
    PositionedEvent entry = user_event(n, "u", "a", 1000);
    entry.event.id = "id-" + std::to_string(n);
    return entry;
  };
  constexpr std::int64_t kIds = 100'000;
  std::vector<PositionedEvent> events;
  for (std::int64_t n = 0; n < kIds; ++n) events.push_back(numbered(n));
  commit(std::move(events));
  compact(Family::dedupe);

  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  rocksdb::get_perf_context()->Reset();
  EXPECT_EQ(commit({numbered(kIds / 2)}).stored, 1U);
  EXPECT_EQ(commit({numbered(kIds)}).stored, 1U);
  EXPECT_LT(rocksdb::get_perf_context()->block_read_byte, 64U << 10);  // a filter of all of them: 125 KB
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

TEST_F(HistoryStoreTest, AnEraseRemovesWhatWasBeforeItAndNothingLater) {
  PositionedEvent erase = user_event(2, "u", "", 0);
  erase.event.kind = EventKind::erase;
  const CommitCounts counts = commit(
      {user_event(0, "u", "old", 5000), user_event(1, "v", "kept", 1000), erase, user_event(3, "u", "new", 1000)});
  EXPECT_EQ(counts.erased, 1U);
  EXPECT_EQ(recent("u"), Items{"new"});
  EXPECT_EQ(recent("v"), Items{"kept"});
}

TEST_F(HistoryStoreTest, EraseNowRemovesOneOwnerOnly) {
  commit({user_event(0, "u", "a", 1000), user_event(1, "u1", "b", 1000), user_event(2, "", "c", 1000)});
  ASSERT_TRUE(store_->erase({Owner::Kind::user, "u"}, {{0, 3}}));
  EXPECT_EQ(recent("u"), Items{});
  EXPECT_EQ(recent("u1"), Items{"b"});
}

TEST_F(HistoryStoreTest, AnErasureIsFasterThanTheEventsBeforeItAndNotThanThoseAfterIt) {
  const auto in_session = [](std::int64_t offset, const char* user, const char* item) {
    PositionedEvent entry = user_event(offset, user, item, 1000 + offset);
    entry.event.session = "shared";
    return entry;
  };
  ASSERT_TRUE(store_->erase({Owner::Kind::user, "u"}, {{0, 3}}));
  PositionedEvent record = user_event(2, "u", "", 1000);
  record.event.kind = EventKind::erase;
  record.event.partition_only = true;
  const CommitCounts counts =
      commit({in_session(0, "u", "gone"), in_session(1, "v", "kept"), record, in_session(3, "u", "new")});
  EXPECT_EQ(counts.overtaken, 1U);
  EXPECT_EQ(counts.stored, 2U);
  EXPECT_EQ(recent("u"), Items{"new"});
  EXPECT_EQ(freshet::testing::items_of_events(*store_->recent({Owner::Kind::session, "shared"}, 10)),
            (Items{"new", "kept"}));
}

TEST_F(HistoryStoreTest, PositionsOfErasuresMeanNothingInALogThatWasRecreated) {
  commit({user_event(100, "v", "x", 1000)});
  ASSERT_TRUE(store_->erase({Owner::Kind::user, "u"}, {{0, 200}}));
  EventBatch recreated = batch_of({user_event(0, "u", "of the new log", 1000), user_event(150, "u", "longer", 1001)});
  recreated.recreated = {0};
  ASSERT_TRUE(store_->commit(recreated, true));
  EXPECT_EQ(recent("u"), (Items{"longer", "of the new log"})) << "however long the new log is already";
  EXPECT_EQ(store_->positions()->at(0), 151);
}

TEST_F(HistoryStoreTest, AnErasureCoversWhatItsOwnerDidInTheLogBeforeItWasRecreated) {
  for (const bool by_request : {true, false}) {
    const std::string user = by_request ? "r" : "u";
    PositionedEvent old = user_event(300, user, "of the old log", 1000);
    old.event.session = "shared";
    commit({old});
    EventBatch recreated = batch_of({user_event(0, user, "of the new log", 1001)});
    recreated.recreated = {0};
    ASSERT_TRUE(store_->commit(recreated, true));
    PositionedEvent record = user_event(1, user, "", 1002);
    record.event.kind = EventKind::erase;
    record.event.partition_only = true;
    if (by_request) {
      ASSERT_TRUE(store_->erase({Owner::Kind::user, user}, {{0, 2}}));
    }
    commit({record, user_event(2, user, "new", 1003)});
    EXPECT_EQ(recent(user), Items{"new"}) << user;
    EXPECT_EQ(freshet::testing::items_of_events(*store_->recent({Owner::Kind::session, "shared"}, 10)), Items{});
  }
}

TEST_F(HistoryStoreTest, RecordsThatAreReadAgainAreNotANewLog) {
  commit({user_event(100, "v", "x", 1000)});
  ASSERT_TRUE(store_->erase({Owner::Kind::user, "u"}, {{0, 200}}));
  EXPECT_EQ(commit({user_event(50, "u", "erased", 1000)}).overtaken, 1U);
  EXPECT_EQ(recent("u"), Items{});
}

TEST_F(HistoryStoreTest, OnlyTheNewestEventsPerOwnerAreKept) {
  Options options;
  options.max_events_per_owner = 3;
  open(options);
  std::vector<PositionedEvent> events;
  for (int i = 0; i < 10; ++i) {
    events.push_back(user_event(2 * i, "hot", "h" + std::to_string(i), 1000 + i));
    if (i < 2) events.push_back(user_event(2 * i + 1, "cold", "c" + std::to_string(i), 1000 + i));
  }
  commit(events);
  EXPECT_EQ(recent("hot"), (Items{"h9", "h8", "h7"}));
  EXPECT_EQ(*store_->count({Owner::Kind::user, "hot"}), 3U);
  compact();
  std::size_t rows = 0;
  ASSERT_TRUE(store_->scan([&](const Owner&, const PositionedEvent&) { return ++rows > 0; }));
  EXPECT_EQ(rows, 5U);
  EXPECT_EQ(recent("hot"), (Items{"h9", "h8", "h7"}));
  EXPECT_EQ(recent("cold"), (Items{"c1", "c0"}));
}

TEST_F(HistoryStoreTest, PagesGoThroughEverythingOfOneOwnerOnceAlsoWhatIsOverTheLimits) {
  Options options;
  options.max_events_per_owner = 2;
  open(options);
  commit({user_event(0, "u", "a", 1000), user_event(1, "u", "b", 2000), user_event(2, "u", "c", 2000),
          user_event(3, "u", "d", 3000), user_event(4, "uu", "x", 1500)});
  const Owner owner{Owner::Kind::user, "u"};
  Items seen;
  std::optional<HistoryCursor> cursor;
  int pages = 0;
  do {
    const auto page = store_->page(owner, 2, cursor);
    ASSERT_TRUE(page);
    for (std::string& item : items_of_events(page->events)) seen.push_back(std::move(item));
    cursor = page->next;
    ++pages;
  } while (cursor);
  EXPECT_EQ(seen, (Items{"d", "c", "b", "a"}));
  EXPECT_EQ(pages, 2);
  // If the row of a cursor has been deleted, the page starts with the next older one.
  EXPECT_EQ(items_of_events(store_->page(owner, 9, HistoryCursor{timestamp_from_ms(2500), {0, 9}})->events),
            (Items{"c", "b", "a"}));
  EXPECT_TRUE(store_->page({Owner::Kind::user, "nobody"}, 2, {})->events.empty());
}

TEST_F(HistoryStoreTest, EventsLeaveAsStreamTimePassesThem) {
  Options options;
  options.max_event_age = std::chrono::hours(1);
  open(options);
  constexpr std::int64_t kHour = 3'600'000;
  commit({user_event(0, "u", "old", 1000)});
  EXPECT_EQ(recent("u"), Items{"old"});
  EXPECT_EQ(store_->oldest_kept(), timestamp_from_ms(1000 - kHour));
  clock_.advance(std::chrono::hours(2));
  commit({user_event(1, "u", "new", 1000 + 2 * kHour), user_event(2, "u", "late", 2000)});
  EXPECT_EQ(store_->oldest_kept(), timestamp_from_ms(1000 + kHour));
  EXPECT_EQ(recent("u"), Items{"new"});
  compact();
  EXPECT_EQ(recent("u"), Items{"new"});
  options.max_event_age = std::chrono::hours(0);
  open(options);
  EXPECT_EQ(store_->oldest_kept(), Timestamp::min());
}

TEST_F(HistoryStoreTest, RowsOfAnIdleOwnerThatAreTooOldLeaveTheFiles) {
  Options options;
  options.max_event_age = std::chrono::hours(100);
  options.dedupe_window = std::chrono::hours(1);
  open(options);
  constexpr std::int64_t kHour = 3'600'000;
  commit({user_event(0, "idle", "old", 1000), user_event(1, "idle", "younger", 1000 + 50 * kHour)});
  compact();
  clock_.advance(std::chrono::hours(70));
  commit({user_event(2, "busy", "new", 1000 + 120 * kHour)});
  compact();
  EXPECT_EQ(rows(), (Items{"new", "younger"}));
  // Files are compacted even if nothing is written, after a tenth of the age at most.
  auto& db = files_.database().impl();
  EXPECT_EQ(db.db->GetOptions(db.family(Family::history)).periodic_compaction_seconds, 10U * 3600);
  EXPECT_EQ(db.db->GetOptions(db.family(Family::dedupe)).periodic_compaction_seconds, 3600U);
}

TEST_F(HistoryStoreTest, AClockThatRunsAheadTakesNothingFromAnybody) {
  Options options;
  options.max_event_age = std::chrono::hours(24 * 30);
  open(options);
  std::int64_t offset = 0;
  const auto event_now = [&](const std::string& user, const std::string& item) {
    auto entry = user_event(offset++, user, item, to_ms(clock_.now()));
    entry.event.id = item;
    return entry;
  };
  const auto kept = event_now("u", "a");
  commit({kept});
  const Timestamp now = clock_.now();
  ::testing::internal::CaptureStderr();
  clock_.set(now + std::chrono::hours(24 * 400));
  const auto twin_is_known = [&] {
    auto twin = kept;
    twin.position.offset = 1'000'000 + offset++;
    EXPECT_EQ(commit({twin}).duplicates, 1U);
  };
  for (int minute = 0; minute < 60; ++minute) {
    commit({event_now("somebody else", "ahead" + std::to_string(minute))});
    clock_.advance(std::chrono::minutes(1));
  }
  compact();
  compact(Family::dedupe);
  EXPECT_EQ(recent("u"), Items{"a"}) << "while the clock is wrong";
  EXPECT_NE(store_->time_problem(), "");
  open(options);  // a restart, while the clock is still wrong
  commit({event_now("somebody else", "again")});
  compact();
  compact(Family::dedupe);
  EXPECT_EQ(recent("u"), Items{"a"});
  twin_is_known();

  clock_.set(now + std::chrono::hours(1));
  EXPECT_EQ(recent("u"), Items{"a"});
  EXPECT_EQ(commit({event_now("u", "b"), event_now("u", "c")}).stored, 2U);
  EXPECT_EQ(recent("u"), (Items{"c", "b", "a"}));
  EXPECT_EQ(store_->oldest_kept(), clock_.now() - options.max_event_age) << "of the clock, not a day ahead of it";
  open(options);
  compact();
  EXPECT_EQ(recent("u"), (Items{"c", "b", "a"}));
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("stream time"), std::string::npos);

  // Time goes on, by the clock.
  clock_.advance(options.max_event_age - std::chrono::hours(2));
  commit({event_now("u", "d")});
  EXPECT_EQ(recent("u"), (Items{"d", "c", "b", "a"}));
  clock_.advance(std::chrono::hours(4));
  commit({event_now("u", "e")});
  EXPECT_EQ(recent("u"), (Items{"e", "d"}));
}

TEST_F(HistoryStoreTest, OneEventOfTodayDoesNotEndAReplayOfYearsAgo) {
  constexpr std::int64_t kYear = 365LL * 24 * 3'600'000;
  const std::int64_t then = to_ms(clock_.now()) - 5 * kYear;
  commit({user_event(0, "u", "a", then)});
  commit({user_event(1, "somebody else", "x", to_ms(clock_.now()))});
  clock_.advance(std::chrono::minutes(10));
  commit({user_event(2, "u", "b", then + kYear / 2)});
  compact();
  EXPECT_EQ(recent("u"), (Items{"b", "a"}));
}

TEST_F(HistoryStoreTest, EverythingIsThereAfterReopening) {
  auto entry = user_event(41, "u", "a", 1000);
  entry.event.session = "s";
  entry.event.id = "id";
  entry.event.type = "purchase";
  entry.event.value = 2.5F;
  entry.event.request = "r";
  entry.event.props = R"({"k":1})";
  commit({entry});
  open({});
  const auto events = store_->recent({Owner::Kind::user, "u"}, 9);
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front(), entry.event);
  EXPECT_EQ(*store_->positions(), (Positions{{0, 42}}));
  EXPECT_EQ(store_->stream_time(), timestamp_from_ms(1000));
}

TEST_F(HistoryStoreTest, RejectedRecordsAreKeptWithReasonAndBytes) {
  EventBatch batch;
  batch.rejected.push_back(
      {{0, 7}, timestamp_from_ms(5), "item: missing", "key", std::string("\0raw", 4), {{"h", "v"}}});
  batch.next[0] = 8;
  ASSERT_TRUE(store_->commit(batch, true));
  ASSERT_TRUE(store_->commit(batch, true));
  std::vector<RejectedRecord> letters;
  ASSERT_TRUE(DeadLetters(files_.database()).scan([&](const RejectedRecord& record) {
    letters.push_back(record);
    return true;
  }));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].reason, "item: missing");
  EXPECT_EQ(letters[0].value, std::string("\0raw", 4));
  EXPECT_EQ(letters[0].position, (Position{0, 7}));
  EXPECT_EQ(letters[0].headers.size(), 1U);
}

TEST_F(HistoryStoreTest, WithAPseudonymKeyDeadLettersKeepNoBytesThatMightNameSomebody) {
  Options options;
  options.pseudonym_key = "a key of the operator";
  TestStore files(options);
  EventBatch batch;
  batch.rejected.push_back(
      {{0, 7}, timestamp_from_ms(9), R"(type: "$u" begins with '$')", "u", R"({"user":"u"})", {{"h", "u"}}});
  ASSERT_TRUE(HistoryStore(files.database()).commit(batch, true));
  std::vector<RejectedRecord> letters;
  ASSERT_TRUE(DeadLetters(files.database()).scan([&](const RejectedRecord& record) {
    letters.push_back(record);
    return true;
  }));
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].reason, R"(type: "..." begins with '$')");
  EXPECT_EQ(letters[0].key + letters[0].value, "");
  EXPECT_TRUE(letters[0].headers.empty());
}

}  // namespace
}  // namespace freshet::store

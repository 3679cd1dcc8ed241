// SPDX-License-Identifier: Apache-2.0
#include "store/erasures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "store/dead_letters.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "store/rocks.h"
#include "store/served_lists.h"
#include "tests/support/history_events.h"
#include "tests/support/served_lists.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::served_record;
using freshet::testing::user_event;

const Owner kSomebody{Owner::Kind::user, "k7Qz-somebody-Wv3x"};
const Owner kShared{Owner::Kind::session, "shared session"};
constexpr std::int64_t kTime = 1'700'000'000'000;

class ErasuresTest : public ::testing::Test {
 protected:
  ErasuresTest() {
    for (int i = 0; i < 50; ++i) {
      add(i % 2 == 0 ? kSomebody.id : "other" + std::to_string(i), i % 3 == 0 ? "shared session" : "");
    }
  }

  void add(const std::string& user, const std::string& session) {
    PositionedEvent entry = user_event(next_, user, "item" + std::to_string(next_), 1'700'000'000'000 + next_);
    entry.event.session = session;
    ++next_;
    const Owner owner{Owner::Kind::user, user}, in{Owner::Kind::session, session};
    std::vector<PositionedEvent> entries{entry, served_record(next_++, owner, "list of " + user, {"item"}, kTime)};
    if (!session.empty()) entries.push_back(served_record(next_++, in, "list in " + session, {"item"}, kTime));
    ASSERT_TRUE(histories_.commit(batch_of(entries), true));
  }

  std::size_t lists(const Owner& owner) { return ServedLists(database_).page(owner, 1000, {})->lists.size(); }

  PositionedEvent erase_record() {
    PositionedEvent entry = user_event(next_++, kSomebody.id, "", 1'700'000'000'000);
    entry.event.kind = EventKind::erase;
    return entry;
  }

  /// The column families with `text` in a key or value, and the files with `text` in their bytes.
  std::vector<std::string> places_of(const std::string& text) {
    std::vector<std::string> places;
    const auto& db = database_.impl();
    for (std::size_t family = 0; family < kFamilyNames.size(); ++family) {
      rocksdb::ReadOptions all;
      all.total_order_seek = true;
      std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(all, db.handles[family]));
      for (it->SeekToFirst(); it->Valid(); it->Next()) {
        if ((it->key().ToString() + it->value().ToString()).find(text) != std::string::npos) {
          places.emplace_back(kFamilyNames[family]);
        }
      }
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(store_.directory())) {
      // The manifest names keys of deleted files until it is rewritten, at the latest by the next start.
      if (!file.is_regular_file() || file.path().filename().string().starts_with("MANIFEST")) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      if (bytes.find(text) != std::string::npos) places.push_back(file.path().filename());
    }
    return places;
  }

  Result<std::vector<Erasure>> committed(const std::set<std::int32_t>& read) const {
    return erasures_.committed(*erasures_.pending(), read);
  }

  testing::TestStore store_;
  Database& database_ = store_.database();
  HistoryStore histories_{database_};
  Erasures erasures_{database_};
  std::int64_t next_ = 0;
};

TEST_F(ErasuresTest, AUserLeavesNothingInAnyFile) {
  ASSERT_FALSE(places_of(kSomebody.id).empty());
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  const auto pending = erasures_.pending();
  ASSERT_TRUE(pending);
  ASSERT_EQ(pending->size(), 1U);
  EXPECT_EQ(pending->front().touched, (std::set<Owner>{kSomebody, {Owner::Kind::session, "shared session"}}));
  ASSERT_TRUE(erasures_.finish(*pending));
  EXPECT_EQ(places_of(kSomebody.id), std::vector<std::string>{});
  EXPECT_TRUE(erasures_.pending()->empty());
  EXPECT_EQ(*histories_.count({Owner::Kind::user, "other1"}), 1U) << "others stay";
  EXPECT_EQ(*histories_.count({Owner::Kind::session, "shared session"}), 8U) << "their events of the session too";
}

TEST_F(ErasuresTest, TheListsOfAUserAndOfTheirSessionsGoToo) {
  const std::size_t of_other = lists({Owner::Kind::user, "other1"});
  ASSERT_GT(lists(kSomebody), 0U);
  ASSERT_GT(lists(kShared), 0U);
  const PositionedEvent before = served_record(next_++, kSomebody, "before", {"x"}, kTime);
  const PositionedEvent in_session = served_record(next_++, kShared, "in session", {"x"}, kTime);
  PositionedEvent visit = user_event(next_++, kSomebody.id, "x", kTime);
  visit.event.session = "new session";
  const Owner new_session{Owner::Kind::session, "new session"};
  const PositionedEvent in_new = served_record(next_++, new_session, "in new session", {"x"}, kTime);
  const PositionedEvent erase = erase_record(), after = served_record(next_++, kSomebody, "after", {"x"}, kTime);
  ASSERT_TRUE(histories_.commit(batch_of({before, in_session, visit, in_new, erase, after}), true));
  EXPECT_EQ(lists(kSomebody), 1U);
  EXPECT_EQ(lists(kShared), 0U);
  EXPECT_EQ(lists(new_session), 0U);
  EXPECT_EQ(lists({Owner::Kind::user, "other1"}), of_other);
}

TEST_F(ErasuresTest, AListThatARequestToEraseHasOvertakenIsNotStored) {
  const PositionedEvent own = served_record(next_++, kSomebody, "own", {"x"}, kTime);
  const PositionedEvent in_session = served_record(next_++, kShared, "in session", {"x"}, kTime);
  ASSERT_TRUE(histories_.erase(kSomebody, {{0, next_ + 1}}));
  EXPECT_EQ(lists(kSomebody), 0U);
  EXPECT_EQ(lists(kShared), 0U);
  const PositionedEvent erase = erase_record(), after = served_record(next_++, kShared, "after", {"x"}, kTime);
  const auto counts = histories_.commit(batch_of({own, in_session, erase, after}), true);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->overtaken, 2U);
  EXPECT_EQ(counts->lists, 1U);
  EXPECT_EQ(lists(kSomebody), 0U);
  EXPECT_EQ(lists(kShared), 1U);
}

TEST_F(ErasuresTest, ASessionKeepsNoEventOfAnErasedUserOfTheSameBatch) {
  PositionedEvent entry = user_event(next_++, kSomebody.id, "x", 1'700'000'100'000);
  entry.event.session = "new session";
  ASSERT_TRUE(histories_.commit(batch_of({entry, erase_record()}), true));
  EXPECT_EQ(*histories_.count({Owner::Kind::session, "new session"}), 0U);
}

TEST_F(ErasuresTest, AnErasureOverHttpIsCommittedOnceItsRecordsHaveBeenRead) {
  const Positions before{{0, next_ + 1}, {1, 7}, {2, 9}};
  ASSERT_TRUE(histories_.erase(kSomebody, before));
  EXPECT_EQ(*histories_.count(kSomebody), 0U);
  ASSERT_EQ(erasures_.pending()->size(), 1U);
  EXPECT_EQ(erasures_.pending()->front().before, before);
  EXPECT_EQ(erasures_.pending()->front().touched.size(), 2U);
  EXPECT_TRUE(committed({0, 1})->empty()) << "the log may still hold their events";
  EventBatch read = batch_of({erase_record()});
  ASSERT_TRUE(histories_.commit(read, true));
  EXPECT_TRUE(committed({0, 1})->empty()) << "in the other partition too";
  EXPECT_TRUE(committed({})->empty()) << "nothing is known yet";
  read.events.clear();
  read.next = {{1, 7}};
  ASSERT_TRUE(histories_.commit(read, true));
  EXPECT_EQ(*committed({0, 1}), *erasures_.pending());
  EXPECT_TRUE(committed({0, 1, 2})->empty());
}

TEST_F(ErasuresTest, ASessionThatHasOutlivedTheUsersOwnRowsIsFound) {
  Options options;
  options.max_events_per_owner = 3;
  testing::TestStore files(options);
  std::optional<HistoryStore> histories(std::in_place, files.database());
  std::int64_t next = 0;
  const auto commit = [&](const std::string& session) {
    PositionedEvent entry = user_event(next, kSomebody.id, "i", 1000 + next);
    entry.event.session = session;
    ++next;
    ASSERT_TRUE(histories->commit(batch_of({entry}), true));
  };
  const Owner old_session{Owner::Kind::session, "old"}, other{Owner::Kind::session, "other"};
  for (const char* session : {"old", "old", "other", "other", "other", ""}) commit(session);
  auto& impl = files.database().impl();
  ASSERT_TRUE(impl.db->Flush({}, impl.family(Family::history)).ok());
  ASSERT_TRUE(impl.db->CompactRange({}, impl.family(Family::history), nullptr, nullptr).ok());
  ASSERT_EQ(histories->page(kSomebody, 100, {})->events.size(), 3U);
  ASSERT_EQ(*histories->count(old_session), 2U);

  ASSERT_TRUE(histories->erase(kSomebody, {{0, next - 2}}));  // the last two came after it
  EXPECT_EQ(*histories->count(old_session), 0U);
  EXPECT_EQ(*histories->count(other), 1U);
  histories.reset();
  files.reopen();
  histories.emplace(files.database());
  commit("old");
  ASSERT_TRUE(histories->erase(kSomebody, {{0, next}}));
  EXPECT_EQ(*histories->count(old_session), 0U);
  EXPECT_EQ(*histories->count(other), 0U);
  const auto pending = Erasures(files.database()).pending();
  ASSERT_EQ(pending->size(), 1U);
  EXPECT_EQ(pending->front().touched, (std::set<Owner>{kSomebody, old_session, other}));
}

TEST_F(ErasuresTest, RecordsOfOneBatchInSeveralPartitionsAreOneErasure) {
  PositionedEvent here = erase_record(), there = here;
  here.event.partition_only = there.event.partition_only = true;
  there.position = {1, 5};
  ASSERT_TRUE(histories_.commit(batch_of({here, there}), true));
  ASSERT_EQ(erasures_.pending()->size(), 1U);
  EXPECT_EQ(erasures_.pending()->front().before, (Positions{{0, next_}, {1, 6}}));
}

TEST_F(ErasuresTest, ManyEraseRecordsInOneBatchEachCoverWhatIsBeforeThem) {
  std::vector<PositionedEvent> entries;
  for (int i = 0; i < 5000; ++i) {
    const std::string user = "u" + std::to_string(i % 100);
    entries.push_back(user_event(next_, user, "x", 1'700'000'000'000 + next_));
    ++next_;
    entries.back().event.session = "s" + std::to_string(i % 7);
    if (i % 2 == 0) continue;
    PositionedEvent record = erase_record();
    record.event.user = user;
    entries.push_back(record);
  }
  ASSERT_TRUE(histories_.commit(batch_of(entries), true));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(*histories_.count({Owner::Kind::user, "u" + std::to_string(i)}), i % 2 == 0 ? 50U : 0U) << i;
  }
}

TEST_F(ErasuresTest, OneAskedForAgainMeanwhileStays) {
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  const auto first = erasures_.pending();
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  ASSERT_TRUE(erasures_.finish(*first));
  EXPECT_EQ(erasures_.pending()->size(), 1U);
}

/// Dead letters of one partition, and erasures of owners after them.
class DeadLettersOfErased : public ErasuresTest {
 protected:
  void reject(std::string value, std::string key = "", RecordHeaders headers = {}) {
    reject(RejectedRecord{{}, {}, "no event", std::move(key), std::move(value), std::move(headers)});
  }

  void reject(RejectedRecord record) {
    EventBatch batch;
    record.position = {0, next_++};
    batch.rejected.push_back(std::move(record));
    batch.next[0] = next_;
    ASSERT_TRUE(histories_.commit(batch, true));
  }

  void erase(const std::string& id) {
    std::vector<Erasure> erasures(2);
    erasures[0].owner = {Owner::Kind::user, id};
    erasures[0].before = {{0, next_}};
    erasures[1].owner = {Owner::Kind::session, id};  // of a log that was recreated
    erasures[1].before = {{0, 0}};
    ASSERT_TRUE(erasures_.erase_dead_letters(erasures));
  }

  std::vector<std::string> left() {
    std::vector<std::string> values;
    EXPECT_TRUE(DeadLetters(database_).scan([&](const RejectedRecord& record) {
      values.push_back(record.value);
      return true;
    }));
    return values;
  }
};

TEST_F(DeadLettersOfErased, AnIdIsFoundHoweverItIsSpelled) {
  const std::string id = "Zo\xC3\xAB/a&b\"\\\xF0\x9F\x98\x80";  // Zoë/a&b"\😀
  for (const char* spelled :
       {R"("Zo\u00eb/a&b\"\\\ud83d\ude00")", R"("Zo\u00EB\/a&b\u0022\u005C\uD83D\uDE00")",
        R"("Zo\u00eb\/a\u0026b\"\\\ud83d\ude00")", "\"Zo\xC3\xAB/a&b\\\"\\\\\xF0\x9F\x98\x80\""}) {
    reject(std::string(R"({"user":)") + spelled + R"(})");
    reject(std::string(R"({"users":["a",)") + spelled);  // cut off
    reject(std::string(R"([{"a":{"b":)") + spelled + R"(}}])");
  }
  reject("", id);
  reject("", "", {{"ce_subject", id}});
  erase(id);
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(DeadLettersOfErased, WhatOnlyLooksLikeJsonIsSearchedToo) {
  const std::vector<std::string> all{R"({'user': 'u 1'})",
                                     R"({user: u1})",
                                     R"({"user":"u1)",
                                     R"({"user":"{\"user\":\"u1\"}"})",
                                     "\xEF\xBB\xBF{\"user\":\"u1\"}",
                                     "user=u1;item=i",
                                     R"(["u1"])",
                                     R"("u1")"};
  for (const std::string& value : all) reject(value);
  erase("u1");
  EXPECT_EQ(left(), std::vector<std::string>{all[0]});
  erase("u 1");
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(DeadLettersOfErased, ANumberIsAnIdToo) {
  reject(R"({"user":17,"item":"i","ts":"no"})");
  reject(R"({"user":171,"item":17,"value":17,"ts":17})");
  erase("17");
  EXPECT_EQ(left().size(), 1U);
}

TEST_F(DeadLettersOfErased, AnIdThatIsACommonWordTakesNobodyElsesAlong) {
  reject(R"({"user":"somebody","item":"mug-17","type":"view","ts":"2026-11-17T10:00:00.000Z","value":1.5})");
  reject(R"({"session":"u1","item":1,"consent":true})");
  for (const char* word : {"user", "item", "mug", "type", "view", "session", "1", "17", "2026", "u", "somebod"}) {
    erase(word);
  }
  EXPECT_EQ(left().size(), 2U);
}

TEST_F(DeadLettersOfErased, AnIdIsFoundWhereverItStands) {
  const std::string id = "123e4567-e89b-12d3-a456-426614174000";
  const std::string avro = "H" + id;  // all of it looks like text
  const std::string confluent("\0\0\0\0\7", 5);
  reject("", id);
  reject("", R"({"user":")" + id + R"("})");
  reject("", "tenant:" + id);
  reject("", "user_" + id);
  reject("", avro);
  reject("", confluent + avro);
  reject("{}", "", {{"ce_subject", id}});
  reject("{}", "", {{"traits", R"({"of":{"user":")" + id + R"("}})"}});
  reject("{}", "", {{"traits", confluent + avro}});
  reject("{}", "", {{id, "1"}});
  reject(avro + "Hview");
  reject(confluent + avro + "Hview");
  reject("\x0a\x24" + id + "view");  // Protobuf
  reject(confluent + R"({"user":"\u0031)" + id.substr(1) + R"("})");
  reject("x" + id + std::string("y\0z", 3));
  reject(R"({")" + id + R"(":{"item":"i"}})");
  reject(R"({"note":"seen by )" + id + R"( twice"})");
  reject(R"({"ts":")" + id + R"(","item":"i"})");
  reject(R"({"type":"view","value":"{\"user\":\")" + id + R"(\"}"})");
  reject(R"({"value":["a",")" + id + R"("]})");
  reject("<user id='" + id + "'/>");
  erase(id);
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(DeadLettersOfErased, AnIdThatOnlyAHeaderHasIsFoundHoweverItIsEncoded) {
  const std::string id = "zo\xC3\xAB@example.com";
  const std::string json = "{\"sub\":\"" + id + "\"}";
  reject("{}", "", {{"url", "https://shop/?u=zo%C3%AB%40example.com&x=1"}});
  reject("{}", "", {{"zo%c3%ab%40example.com", ""}});
  reject("{}", "", {{"cookie", R"(u="zo\u00eb%40example.com")"}});
  reject("{}", "", {{"authorization", "Basic em/Dq0BleGFtcGxlLmNvbTpzZWNyZXQ="}});
  reject("{}", "", {{"authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ6b1x1MDBlYkBleGFtcGxlLmNvbSJ9."}});
  reject("{}", "", {{"of", "em_Dq0BleGFtcGxlLmNvbQ%3D%3D"}});
  reject("{}", "", {{"between letters", "dT16b8OrQGV4YW1wbGUuY29tx"}});
  reject("{}", "", {{"binary", std::string("\0\xFF", 2) + id}});
  RecordHeaders many(10'000, {"n", "v"});
  many.emplace_back("user", id);
  reject("{}", "", many);
  const std::string other = "ZO\xC3\xAB@example.com";
  reject("{}", "", {{"user", other}, {"of", "Wk/Dq0BleGFtcGxlLmNvbQ=="}});
  erase(id);
  EXPECT_EQ(left().size(), 1U) << "an id in capitals is another one";
  erase(other);
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(DeadLettersOfErased, AnIdThatOnlyTheReasonQuotesIsFound) {
  reject(RejectedRecord{{}, {}, "type: \"$u1\" begins with '$', which is freshet's own", "", "{}", {}});
  for (const char* word : {"type", "begins", "own"}) erase(word);
  EXPECT_EQ(left().size(), 1U);
  erase("$u1");
  EXPECT_EQ(left().size(), 0U);
}

TEST_F(DeadLettersOfErased, InTextAnIdIsAWord) {
  for (const char* text : {"user=au1", "user=u12", R"({"user":"u1u"})", R"({"u12":"u1a"})"}) reject(text);
  reject("{}", "u12", {{"u12", "xu1"}});
  erase("u1");
  EXPECT_EQ(left().size(), 5U);
}

TEST_F(DeadLettersOfErased, ADamagedOneStopsNoErasureAndGoesIfItHasTheId) {
  auto& impl = database_.impl();
  const auto damage = [&](const std::string& key, const std::string& value) {
    ASSERT_TRUE(impl.db->Put({}, impl.family(Family::dead_letters), key, value).ok());
  };
  damage("a", "\xFF id u1, then nothing");
  damage("b", "\xFF id u2");
  reject(R"({"user":"u1"})");
  erase("u1");
  std::vector<std::string> keys;
  std::unique_ptr<rocksdb::Iterator> it(impl.db->NewIterator({}, impl.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) keys.push_back(it->key().ToString());
  EXPECT_EQ(keys, std::vector<std::string>{"b"});
}

TEST_F(DeadLettersOfErased, WhatCameAfterTheEraseRecordStays) {
  reject(R"({"user":"u1"})");
  std::vector<Erasure> erasures(1);
  erasures[0].owner = {Owner::Kind::user, "u1"};
  erasures[0].before = {{0, next_}};
  reject(R"({"user":"u1","again":true})");
  EventBatch elsewhere;
  elsewhere.rejected.push_back({{1, 1000}, {}, "no event", "", R"({"user":"u1"})", {}});
  elsewhere.next[1] = 1001;
  ASSERT_TRUE(histories_.commit(elsewhere, true));
  ASSERT_TRUE(erasures_.erase_dead_letters(erasures));
  EXPECT_EQ(left(), std::vector<std::string>{R"({"user":"u1","again":true})"});
}

TEST_F(DeadLettersOfErased, WhatIsOfTheLogBeforeItWasRecreatedGoes) {
  for (int i = 0; i < 3; ++i) reject(R"({"user":"u1"})");
  EventBatch recreated;
  recreated.next[0] = next_ = 1;
  recreated.recreated = {0};
  ASSERT_TRUE(histories_.commit(recreated, true));
  erase("u1");
  EXPECT_EQ(left(), std::vector<std::string>{});
}

TEST_F(DeadLettersOfErased, WhatIsOfTheLogBeforeGoesHoweverFarTheNewOneHasCome) {
  for (int i = 0; i < 5; ++i) reject(R"({"user":"u1","old":true})");
  EventBatch recreated;
  recreated.next[0] = next_ = 1;
  recreated.recreated = {0};
  ASSERT_TRUE(histories_.commit(recreated, true));
  std::vector<Erasure> erasures(1);
  erasures[0].owner = {Owner::Kind::user, "u1"};
  erasures[0].before = {{0, 2}};
  next_ = 3;
  reject(R"({"user":"u1","new":true})");
  EventBatch more;
  more.next[0] = 100;
  ASSERT_TRUE(histories_.commit(more, true));
  ASSERT_TRUE(erasures_.erase_dead_letters(erasures));
  EXPECT_EQ(left(), std::vector<std::string>{R"({"user":"u1","new":true})"});
}

TEST_F(ErasuresTest, AnErasedJournalRecordKeepsItsOffset) {
  Journal journal(database_);
  const std::vector<JournalRecord> records{{0, {}, "a", "1"}, {0, {}, kSomebody.id, "2"}, {0, {}, kSomebody.id, "3"}};
  ASSERT_TRUE(journal.append(records));
  ASSERT_TRUE(journal.erase(2, [](const JournalRecord& record) { return record.key == kSomebody.id; }));
  const auto left = journal.read(0, 10, 1000);
  ASSERT_EQ(left->size(), 3U);
  EXPECT_EQ((*left)[0].value, "1");
  EXPECT_TRUE((*left)[1].erased);
  EXPECT_EQ((*left)[1].value + (*left)[1].key, "");
  EXPECT_EQ((*left)[1].offset, 1);
  EXPECT_EQ((*left)[2].value, "3") << "behind the end";
}

}  // namespace
}  // namespace freshet::store

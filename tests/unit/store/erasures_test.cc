#include "store/erasures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/dead_letters.h"
#include "store/history_store.h"
#include "store/journal.h"
#include "store/rocks.h"
#include "tests/support/history_events.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::user_event;

const Owner kSomebody{Owner::Kind::user, "k7Qz-somebody-Wv3x"};

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
    ASSERT_TRUE(histories_.commit(batch_of({entry}), true));
  }

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
  EXPECT_EQ(pending->front().touched, (std::vector<Owner>{kSomebody, {Owner::Kind::session, "shared session"}}));
  ASSERT_TRUE(erasures_.finish(*pending));
  EXPECT_EQ(places_of(kSomebody.id), std::vector<std::string>{});
  EXPECT_TRUE(erasures_.pending()->empty());
  EXPECT_EQ(*histories_.count({Owner::Kind::user, "other1"}), 1U) << "others stay";
  EXPECT_EQ(*histories_.count({Owner::Kind::session, "shared session"}), 8U) << "their events of the session too";
}

TEST_F(ErasuresTest, ASessionKeepsNoEventOfAnErasedUserOfTheSameBatch) {
  PositionedEvent entry = user_event(next_++, kSomebody.id, "x", 1'700'000'100'000);
  entry.event.session = "new session";
  ASSERT_TRUE(histories_.commit(batch_of({entry, erase_record()}), true));
  EXPECT_EQ(*histories_.count({Owner::Kind::session, "new session"}), 0U);
}

TEST_F(ErasuresTest, AnErasureOverHttpIsPendingOnceItsRecordIsThereAndKeepsWhatWasTouched) {
  ASSERT_TRUE(histories_.erase(kSomebody));
  EXPECT_EQ(*histories_.count(kSomebody), 0U);
  EXPECT_TRUE(erasures_.pending()->empty()) << "the log may still hold their events";
  const PositionedEvent record = erase_record();
  ASSERT_TRUE(histories_.commit(batch_of({record}), true));
  const auto pending = erasures_.pending();
  ASSERT_EQ(pending->size(), 1U);
  EXPECT_EQ(pending->front().position, record.position);
  EXPECT_EQ(pending->front().touched.size(), 2U);
}

TEST_F(ErasuresTest, OneAskedForAgainMeanwhileStays) {
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  const auto first = erasures_.pending();
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  ASSERT_TRUE(erasures_.finish(*first));
  EXPECT_EQ(erasures_.pending()->size(), 1U);
}

TEST_F(ErasuresTest, DeadLettersThatNameTheOwnerGo) {
  EventBatch batch;
  const auto reject = [&](const std::string& value) {
    RejectedRecord record;
    record.position = {0, next_++};
    record.value = value;
    batch.rejected.push_back(record);
    batch.next[0] = next_;
  };
  reject(R"({"user":")" + kSomebody.id + R"("})");
  reject(R"({"user":")" + kSomebody.id + R"(2"})");
  ASSERT_TRUE(histories_.commit(batch, true));
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  EXPECT_EQ(*DeadLetters(database_).count(), 1U);
}

TEST_F(ErasuresTest, ADeadLetterIsSearchedFieldByField) {
  EventBatch batch;
  RejectedRecord record;
  record.position = {0, next_++};
  record.key = kSomebody.id;
  record.value = std::string(100, ' ');  // on disk its length is the letter 'd', directly after the key
  batch.rejected.push_back(record);
  batch.next[0] = next_;
  ASSERT_TRUE(histories_.commit(batch, true));
  ASSERT_TRUE(histories_.commit(batch_of({erase_record()}), true));
  EXPECT_EQ(*DeadLetters(database_).count(), 0U);
}

TEST_F(ErasuresTest, ARejectedRecordBeforeAnEraseOfTheSameBatchDoesNotOutliveIt) {
  EventBatch batch;
  const auto reject = [&](Position position, const std::string& id) {
    RejectedRecord record;
    record.position = position;
    record.value = R"({"user":")" + id + R"("})";
    batch.rejected.push_back(record);
  };
  reject({0, next_++}, kSomebody.id);
  reject({0, next_++}, "somebody else");
  batch.events.push_back(erase_record());
  reject({0, next_++}, kSomebody.id);
  reject({1, 1000}, kSomebody.id);  // in another partition: neither before nor after the erase record
  batch.next = {{0, next_}, {1, 1001}};
  for (int times = 0; times < 2; ++times) {
    ASSERT_TRUE(histories_.commit(batch, true));
    std::vector<Position> left;
    ASSERT_TRUE(DeadLetters(database_).scan([&](const RejectedRecord& record) {
      left.push_back(record.position);
      return true;
    }));
    EXPECT_EQ(left, (std::vector<Position>{{0, next_ - 3}, {0, next_ - 1}}));
  }
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

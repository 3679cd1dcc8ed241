// SPDX-License-Identifier: Apache-2.0
#include "store/journal.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "base/random.h"
#include "store/codec/key_codec.h"
#include "store/rocks.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  void reopen() {
    journal_.reset();
    store_.reopen();
    journal_.emplace(store_.database());
  }

  void append(int count, std::int64_t arrival_ms) {
    std::vector<JournalRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({0, timestamp_from_ms(arrival_ms), "k", "v" + std::to_string(journal_->end() + i)});
    }
    ASSERT_TRUE(journal_->append(records));
  }

  testing::TestStore store_;
  std::optional<Journal> journal_{std::in_place, store_.database()};
};

TEST_F(JournalTest, OffsetsAreDenseAndReadingIsBounded) {
  append(10, 1);
  EXPECT_EQ(journal_->begin(), 0);
  EXPECT_EQ(journal_->end(), 10);
  const auto three = journal_->read(4, 3, 1 << 20);
  ASSERT_EQ(three->size(), 3U);
  EXPECT_EQ(three->front().offset, 4);
  EXPECT_EQ(three->front().value, "v4");
  EXPECT_EQ(journal_->read(0, 100, 1)->size(), 1U);  // at least one, so that a large record cannot block
  EXPECT_TRUE(journal_->read(10, 5, 1 << 20)->empty());
  EXPECT_TRUE(journal_->read(999, 5, 1 << 20)->empty());
}

TEST_F(JournalTest, ReopeningGoesOnWhereItEnded) {
  append(3, 1);
  reopen();
  EXPECT_EQ(journal_->end(), 3);
  append(1, 1);
  EXPECT_EQ(journal_->read(3, 9, 1 << 20)->front().value, "v3");
}

TEST_F(JournalTest, TrimsWhatIsReadAndOldEnoughOnly) {
  append(5, 100);
  append(5, 200);
  ASSERT_TRUE(journal_->trim(8, timestamp_from_ms(150)));
  EXPECT_EQ(journal_->begin(), 5);
  EXPECT_EQ(journal_->read(0, 1, 1 << 20)->front().offset, 5);
  ASSERT_TRUE(journal_->trim(8, timestamp_from_ms(1000)));
  EXPECT_EQ(journal_->begin(), 8);
}

class JournalSizeTest : public JournalTest {
 protected:
  /// Records with values of `bytes` that cannot be compressed.
  void append_of(int count, std::size_t bytes) {
    std::vector<JournalRecord> records;
    for (int i = 0; i < count; ++i) {
      std::string value(bytes, ' ');
      for (char& c : value) c = static_cast<char>(random_.next());
      records.push_back({0, timestamp_from_ms(1000), "", std::move(value)});
    }
    ASSERT_TRUE(journal_->append(records));
  }

  // What an older release does not write.

  void forget_marks_from(std::int64_t offset) {
    const std::string from = journal_mark_key(offset), to = std::string(kJournalMarkPrefix) + "\xff";
    ASSERT_TRUE(db().db->DeleteRange({}, db().family(Family::meta), from, to).ok());
  }
  void forget_size() { ASSERT_TRUE(db().db->Delete({}, db().family(Family::meta), to_slice(kJournalSizeKey)).ok()); }
  std::string stored_size() {
    std::string size;
    EXPECT_TRUE(db().db->Get({}, db().family(Family::meta), to_slice(kJournalSizeKey), &size).ok());
    return size;
  }
  void put_size(const std::string& size) {
    ASSERT_TRUE(db().db->Put({}, db().family(Family::meta), to_slice(kJournalSizeKey), size).ok());
  }

  Database::Impl& db() { return store_.database().impl(); }

  Random random_{1};
};

/// `bytes` of `count` values of 64 KiB: they have keys, arrivals and lengths too.
void expect_bytes_of(std::int64_t bytes, int count, std::int64_t slack) {
  EXPECT_GE(bytes, count * (64 << 10));
  EXPECT_LE(bytes, count * ((64 << 10) + 30) + slack);
}

constexpr std::int64_t kSlack = (256 << 10) + (64 << 10) + 100;  // a mark's interval and a record

TEST_F(JournalSizeTest, KnowsHowManyBytesItHolds) {
  EXPECT_EQ(journal_->bytes(), 0);
  append_of(1, 64 << 10);
  expect_bytes_of(journal_->bytes(), 1, 0);
  append_of(100, 64 << 10);
  const std::int64_t bytes = journal_->bytes();
  expect_bytes_of(bytes, 101, 0);
  reopen();
  EXPECT_EQ(journal_->bytes(), bytes);
  ASSERT_TRUE(journal_->trim(51, timestamp_from_ms(2000)));
  const std::int64_t half = journal_->bytes();
  expect_bytes_of(half, 50, kSlack);
  reopen();
  EXPECT_EQ(journal_->bytes(), half);
  ASSERT_TRUE(journal_->trim(101, timestamp_from_ms(2000)));
  EXPECT_EQ(journal_->bytes(), 0);
  reopen();
  EXPECT_EQ(journal_->bytes(), 0);
  append_of(1, 64 << 10);
  expect_bytes_of(journal_->bytes(), 1, kSlack);
}

TEST_F(JournalSizeTest, TrimsYoungRecordsOnlyBeyondItsBoundAndWhatIsReadOnly) {
  append_of(100, 64 << 10);
  ASSERT_TRUE(journal_->trim(100, timestamp_from_ms(0), 100 * (65 << 10)));
  EXPECT_EQ(journal_->begin(), 0);
  ASSERT_TRUE(journal_->trim(10, timestamp_from_ms(0), 2 << 20));
  EXPECT_EQ(journal_->begin(), 10);
  ASSERT_TRUE(journal_->trim(100, timestamp_from_ms(0), 2 << 20));
  EXPECT_LE(journal_->bytes(), 2 << 20);
  EXPECT_GE(journal_->bytes(), (2 << 20) - kSlack);
  EXPECT_EQ(journal_->read(0, 1, 1)->front().offset, journal_->begin());
}

TEST_F(JournalSizeTest, MarksGoWithTheRecords) {
  for (int i = 0; i < 20; ++i) {
    append_of(20, 64 << 10);
    ASSERT_TRUE(journal_->trim(journal_->end(), timestamp_from_ms(0), 1 << 20));
  }
  Database::Impl& db = store_.database().impl();
  EXPECT_LE(db.journal_size.marks_before(journal_->end()).size(), 5U);
  int stored = 0;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator({}, db.family(Family::meta)));
  for (it->Seek(to_slice(kJournalMarkPrefix)); it->Valid() && it->key().starts_with(to_slice(kJournalMarkPrefix));
       it->Next())
    ++stored;
  EXPECT_LE(stored, 6);
}

TEST_F(JournalSizeTest, RecordsOfAReleaseThatLeftNoMarksAreEstimatedAndTrimmedPieceByPiece) {
  append_of(50, 64 << 10);
  forget_marks_from(0);
  forget_size();
  reopen();
  const std::int64_t old = journal_->bytes();
  EXPECT_GT(old, 45 * (64 << 10));
  EXPECT_LT(old, 55 * (64 << 10));
  append_of(10, 64 << 10);
  expect_bytes_of(journal_->bytes() - old, 10, 0);
  reopen();
  expect_bytes_of(journal_->bytes() - old, 10, 0);
  ASSERT_TRUE(journal_->trim(60, timestamp_from_ms(0), 30 * (64 << 10)));
  EXPECT_GT(journal_->begin(), 25);
  EXPECT_LT(journal_->begin(), 40);
  EXPECT_LE(journal_->bytes(), 30 * (64 << 10));
  const std::int64_t left = journal_->bytes();
  reopen();
  EXPECT_EQ(journal_->bytes(), left);
}

TEST_F(JournalSizeTest, RecordsThatAnOlderReleaseHasAddedAndTrimmedMeanwhileCountToo) {
  append_of(20, 64 << 10);
  const std::string size = stored_size();
  append_of(40, 64 << 10);
  ASSERT_TRUE(journal_->trim(10, timestamp_from_ms(2000)));
  // The older release leaves the size and the marks as they are.
  forget_marks_from(20);
  put_size(size);
  reopen();
  const std::int64_t all = journal_->bytes();
  EXPECT_GT(all, 48 * (64 << 10));
  EXPECT_LT(all, 56 * (64 << 10));
  ASSERT_TRUE(journal_->trim(60, timestamp_from_ms(0), 20 * (64 << 10)));
  EXPECT_GT(journal_->begin(), 35);
  EXPECT_LT(journal_->begin(), 48);
  reopen();
  EXPECT_LE(journal_->bytes(), 20 * (64 << 10));
  EXPECT_GT(journal_->bytes(), 12 * (64 << 10));
}

TEST_F(JournalTest, OffsetsAreNeverGivenOutTwice) {
  append(5, 100);
  ASSERT_TRUE(journal_->trim(99, timestamp_from_ms(1000)));
  EXPECT_EQ(journal_->begin(), 5);
  reopen();
  EXPECT_EQ(journal_->begin(), 5);
  EXPECT_EQ(journal_->end(), 5);
  append(1, 100);
  EXPECT_EQ(journal_->read(0, 9, 1 << 20)->front().offset, 5);
}

}  // namespace
}  // namespace freshet::store

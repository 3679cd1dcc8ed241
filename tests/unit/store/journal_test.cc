#include "store/journal.h"

#include <gtest/gtest.h>

#include <optional>

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

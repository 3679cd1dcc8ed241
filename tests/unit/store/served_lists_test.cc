// SPDX-License-Identifier: Apache-2.0
#include "store/served_lists.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "store/history_store.h"
#include "store/rocks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/served_lists.h"
#include "tests/support/test_store.h"

namespace freshet::store {
namespace {

using freshet::testing::batch_of;
using freshet::testing::served_list;
using freshet::testing::served_record;
using freshet::testing::user_event;
using Names = std::vector<std::string>;

const Owner kUser{Owner::Kind::user, "u"}, kSession{Owner::Kind::session, "u"};

Options keeping(std::size_t lists, std::chrono::hours age) {
  Options options;
  options.served.max_lists_per_owner = lists;
  options.served.max_age = age;
  return options;
}

class ServedListsTest : public ::testing::Test {
 protected:
  void commit(const std::vector<PositionedEvent>& entries) {
    ASSERT_TRUE(HistoryStore(files_.database()).commit(batch_of(entries), true));
  }

  Names page(const Owner& owner, std::size_t limit = 100, std::optional<HistoryCursor> after = {}) {
    const auto page = ServedLists(files_.database()).page(owner, limit, after);
    EXPECT_TRUE(page);
    Names names;
    for (const StoredList& list : page->lists) names.push_back(list.list.request);
    next_ = page->next;
    return names;
  }

  Names since(const Owner& owner, std::int64_t ms) {
    Names names;
    EXPECT_TRUE(ServedLists(files_.database()).visit_since(owner, timestamp_from_ms(ms), [&](const ServedList& list) {
      names.push_back(list.request);
      return true;
    }));
    return names;
  }

  void compact() {
    auto& db = files_.database().impl();
    ASSERT_TRUE(db.db->Flush(rocksdb::FlushOptions{}, db.family(Family::served)).ok());
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db.db->CompactRange(options, db.family(Family::served), nullptr, nullptr).ok());
  }

  testing::FakeClock clock_{timestamp_from_ms(1'700'000'000'000)};
  testing::TestStore files_{{}, clock_};
  std::optional<HistoryCursor> next_;
};

TEST_F(ServedListsTest, NewestComesFirstPageByPage) {
  commit({served_record(0, kUser, "a", {"x", "y"}, 1000), served_record(1, kUser, "b", {"x"}, 3000),
          served_record(2, kSession, "c", {"x"}, 2000), served_record(3, kUser, "d", {"x"}, 2000)});
  EXPECT_EQ(page(kUser), (Names{"b", "d", "a"}));
  EXPECT_FALSE(next_);
  EXPECT_EQ(page(kUser, 2), (Names{"b", "d"}));
  ASSERT_TRUE(next_);
  EXPECT_EQ(page(kUser, 2, next_), Names{"a"});
  EXPECT_FALSE(next_);
  EXPECT_EQ(page(kSession), Names{"c"});
  EXPECT_EQ(page({Owner::Kind::user, "nobody"}), Names{});
  const auto first = ServedLists(files_.database()).page(kSession, 1, {})->lists.front();
  EXPECT_EQ(first, (StoredList{timestamp_from_ms(2000), {0, 2}, served_list("c", {"x"})}));
}

TEST_F(ServedListsTest, AreNoEventsAndDoNotMoveStreamTime) {
  commit({user_event(0, "u", "x", 1000), served_record(1, kUser, "a", {"x"}, 5000)});
  const HistoryStore histories(files_.database());
  EXPECT_EQ(*histories.count(kUser), 1U);
  EXPECT_EQ(histories.stream_time(), timestamp_from_ms(1000));
  EXPECT_EQ(histories.positions()->at(0), 2);
}

TEST_F(ServedListsTest, TheSameRecordReadAgainIsTheSameList) {
  const std::vector<PositionedEvent> entries{served_record(0, kUser, "a", {"x"}, 1000)};
  commit(entries);
  commit(entries);
  EXPECT_EQ(page(kUser), Names{"a"});
  files_.reopen();
  EXPECT_EQ(page(kUser), Names{"a"});
}

TEST_F(ServedListsTest, AreKeptUpToTheirNumberAndAge) {
  constexpr std::int64_t kHour = 3'600'000;
  files_.reopen(keeping(2, std::chrono::hours(1)));
  commit({served_record(0, kUser, "a", {"x"}, 1000), served_record(1, kUser, "b", {"x"}, 2000),
          served_record(2, kUser, "c", {"x"}, 3000), served_record(3, kSession, "s", {"x"}, 1000)});
  EXPECT_EQ(since(kUser, 0), (Names{"c", "b"}));
  EXPECT_EQ(since(kUser, 2500), Names{"c"});
  EXPECT_EQ(page(kUser), (Names{"c", "b", "a"})) << "until files are rewritten";
  compact();
  EXPECT_EQ(page(kUser), (Names{"c", "b"}));
  commit({user_event(4, "other", "x", 2500 + kHour)});
  EXPECT_EQ(since(kUser, 0), Names{"c"}) << "age is by stream time";
  EXPECT_EQ(since(kSession, 0), Names{});
  compact();
  EXPECT_EQ(page(kUser), Names{"c"});
  EXPECT_EQ(page(kSession), Names{});
}

TEST_F(ServedListsTest, EachOwnerComesOnce) {
  const Owner other{Owner::Kind::user, std::string(300, '\xff')};
  commit({served_record(0, kUser, "a", {"x"}, 1000), served_record(1, kSession, "b", {"x"}, 2000),
          served_record(2, kUser, "c", {"x"}, 0), served_record(3, other, "d", {"x"}, 3000)});
  std::vector<Owner> owners;
  const ServedLists lists(files_.database());
  for (auto owner = *lists.next_owner({}); owner; owner = *lists.next_owner(owner)) owners.push_back(*owner);
  EXPECT_EQ(owners, (std::vector<Owner>{kUser, other, kSession}));
}

TEST_F(ServedListsTest, ADirectoryOfAnEarlierReleaseOpens) {
  commit({user_event(0, "u", "x", 1000)});
  auto& db = files_.database().impl();
  ASSERT_TRUE(db.db->DropColumnFamily(db.family(Family::served)).ok());
  files_.close();
  {
    Options options;
    options.directory = files_.directory();
    Database read_only = Database::open_read_only(options);
    EXPECT_TRUE(ServedLists(read_only).page(kUser, 10, {})->lists.empty());
    EXPECT_FALSE(*ServedLists(read_only).next_owner({}));
    EXPECT_EQ(*HistoryStore(read_only).count(kUser), 1U);
  }
  files_.reopen();
  commit({served_record(1, kUser, "a", {"x"}, 1000)});
  EXPECT_EQ(page(kUser), Names{"a"});
}

}  // namespace
}  // namespace freshet::store

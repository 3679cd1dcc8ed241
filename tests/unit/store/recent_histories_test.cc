// SPDX-License-Identifier: Apache-2.0
#include "store/recent_histories.h"

#include <gmock/gmock.h>

#include "store/codec/key_codec.h"

namespace freshet::store {
namespace {

using ::testing::ElementsAre;
using Values = std::vector<std::string>;

/// The key suffix of a row at `ms`.
std::string suffix(std::int64_t ms) {
  return encode_history_key({{}, timestamp_from_ms(ms), {}}).substr(encode_owner({}).size());
}

Values values_of(const HistoryRows& rows) {
  Values values;
  for (std::string_view rest = rows.bytes(); !rest.empty();) values.emplace_back(HistoryRows::take(rest).value);
  return values;
}

HistoryRows rows_at(std::initializer_list<std::int64_t> newest_first) {
  HistoryRows rows;
  for (const std::int64_t ms : newest_first) rows.append({suffix(ms), std::to_string(ms)});
  return rows;
}

class RecentHistoriesTest : public ::testing::Test {
 protected:
  void read(const std::string& owner, std::size_t limit, HistoryRows rows) {
    held_.insert(owner, limit, std::move(rows), held_.find(owner, limit).version);
  }
  void write(const std::string& owner, std::int64_t ms) { held_.put(owner, {suffix(ms), std::to_string(ms)}); }
  Values held(const std::string& owner, std::size_t limit) {
    const auto rows = held_.find(owner, limit).rows;
    return rows ? values_of(*rows) : Values{"must be read"};
  }

  RecentHistories held_{1 << 20};
};

const Values kMustBeRead{"must be read"};

TEST_F(RecentHistoriesTest, ARowThatIsWrittenGoesToItsPlaceAmongThoseThatWereRead) {
  read("u", 5, rows_at({30, 10}));
  write("u", 20);
  write("u", 40);
  write("u", 5);
  EXPECT_THAT(held("u", 5), ElementsAre("40", "30", "20", "10", "5"));
}

TEST_F(RecentHistoriesTest, ARowThatIsWrittenAgainIsThereOnce) {
  read("u", 5, rows_at({30, 20, 10}));
  held_.put("u", {suffix(20), "longer than before"});
  EXPECT_THAT(held("u", 5), ElementsAre("30", "longer than before", "10"));
  held_.put("u", {suffix(20), ""});
  EXPECT_THAT(held("u", 5), ElementsAre("30", "", "10"));
}

TEST_F(RecentHistoriesTest, NothingIsHeldOfAnOwnerWhoWasNotRead) {
  write("u", 10);
  EXPECT_EQ(held("u", 1), kMustBeRead);
}

TEST_F(RecentHistoriesTest, NoMoreRowsAreHeldThanWereAskedFor) {
  read("u", 2, rows_at({20, 10}));
  write("u", 30);
  write("u", 5);  // older than the cached rows: there may be others between
  EXPECT_THAT(held("u", 2), ElementsAre("30", "20"));
  EXPECT_EQ(held("u", 3), kMustBeRead);
}

TEST_F(RecentHistoriesTest, NoMoreRowsAreReturnedThanAreAskedFor) {
  read("u", 3, rows_at({30, 20, 10}));
  EXPECT_THAT(held("u", 2), ElementsAre("30", "20"));
  EXPECT_EQ(held("u", 0), Values{});
  EXPECT_THAT(held("u", 3), ElementsAre("30", "20", "10"));
}

TEST_F(RecentHistoriesTest, AHistoryThatEndedBeforeTheLimitIsAllThereIs) {
  read("u", 3, rows_at({20, 10}));
  read("nobody", 1, {});
  EXPECT_THAT(held("u", 100), ElementsAre("20", "10"));
  EXPECT_EQ(held("nobody", 100), Values{});
  write("u", 30);
  EXPECT_EQ(held("u", 100), kMustBeRead) << "it would be as long if there were more";
}

TEST_F(RecentHistoriesTest, AReadThatAWriteOvertookIsNotKept) {
  const auto before = held_.find("u", 5).version;
  write("u", 10);
  held_.insert("u", 5, {}, before);
  EXPECT_EQ(held("u", 5), kMustBeRead);

  const auto between = held_.find("u", 5).version;
  held_.drop("u");
  held_.insert("u", 5, rows_at({10}), between);
  EXPECT_EQ(held("u", 5), kMustBeRead);

  const auto later = held_.find("u", 5).version;
  held_.clear();
  held_.insert("u", 5, rows_at({10}), later);
  EXPECT_EQ(held("u", 5), kMustBeRead);
}

TEST_F(RecentHistoriesTest, DeletionsForgetTheOwnerAndNobodyElse) {
  read("u", 5, rows_at({10}));
  read("v", 5, rows_at({20}));
  held_.drop("u");
  EXPECT_EQ(held("u", 5), kMustBeRead);
  EXPECT_THAT(held("v", 5), ElementsAre("20"));
  held_.clear();
  EXPECT_EQ(held("v", 5), kMustBeRead);
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST_F(RecentHistoriesTest, BeyondItsBytesItForgetsThoseUsedLongestAgo) {
  const auto name = [](int n) { return "owner " + std::to_string(n); };
  constexpr int kOwners = 10'000;
  for (int n = 0; n < kOwners; ++n) {
    read(name(n), 5, rows_at({20, 10}));
    write(name(0), 20);  // keeps it the most recently used
    ASSERT_LE(held_.bytes(), std::size_t{1} << 20);
  }
  EXPECT_GT(held_.bytes(), std::size_t{900} << 10);
  EXPECT_THAT(held(name(0), 5), ElementsAre("20", "10"));
  EXPECT_EQ(held(name(1), 5), kMustBeRead);
  EXPECT_THAT(held(name(kOwners - 1), 5), ElementsAre("20", "10"));
}

TEST_F(RecentHistoriesTest, AHistoryTooLongForItsShardPushesNobodyOut) {
  constexpr std::size_t kShard = (1 << 20) / 64;
  const auto name = [](int n) { return "owner " + std::to_string(n); };
  for (int n = 0; n < 64; ++n) read(name(n), 5, rows_at({10}));
  HistoryRows longest;
  longest.append({suffix(10), std::string(kShard, 'x')});
  for (int n = 64; n < 1000; ++n) read(name(n), 5, longest);
  for (int n = 0; n < 64; ++n) EXPECT_THAT(held(name(n), 5), ElementsAre("10"));
  EXPECT_EQ(held(name(64), 5), kMustBeRead);
}

TEST_F(RecentHistoriesTest, AHistoryThatGrowsCountsAsLongAsItIs) {
  read("u", 1'000'000, rows_at({10}));
  for (std::int64_t ms = 20; held("u", 1) != kMustBeRead; ++ms) {
    write("u", ms);
    ASSERT_LE(held_.bytes(), std::size_t{1} << 20);
    ASSERT_LT(ms, 10'000) << "a shard has 16 KiB";
  }
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST(RecentHistories, WithoutBytesHoldsNothing) {
  RecentHistories held(0);
  held.insert("u", 5, rows_at({10}), held.find("u", 5).version);
  EXPECT_FALSE(held.find("u", 5).rows);
  EXPECT_EQ(held.bytes(), 0U);
}

}  // namespace
}  // namespace freshet::store

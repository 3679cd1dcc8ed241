// SPDX-License-Identifier: Apache-2.0
#include "online/model/sender_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::numbered;

constexpr std::size_t kItems = 1000;
constexpr std::chrono::hours kHour{1};

/// Whether an event of the sender is admitted.
bool admits(SenderLimit& limit, const std::string& sender, std::string_view item, Timestamp arrival, double weight = 1,
            std::size_t items = kItems) {
  return limit.admits({}, limit.sender_of({}, sender), item, weight, arrival, items);
}

class SenderLimitTest : public ::testing::Test {
 protected:
  /// An hour in which the back end sends a thousand events.
  void SetUp() override {
    for (std::uint64_t i = 0; i < 1000; ++i) send("shop/backend", numbered("item-", i));
    time_ += kHour;
  }

  int send(const std::string& sender, const std::string& item, double weight = 1) {
    return admits(limit_, sender, item, time_, weight) ? 1 : 0;
  }

  /// Of `events` about one item, among as many about others, how many are admitted.
  int push(const std::string& sender, std::uint64_t events) {
    int admitted = 0;
    for (std::uint64_t i = 0; i < events; ++i) {
      admitted += send(sender, "pushed");
      send(sender, numbered("other-", i));
    }
    return admitted;
  }

  SenderLimit limit_{{.share = 0.05, .least = 10, .window = kHour}};
  Timestamp time_ = timestamp_from_ms(1'700'000'000'000);
};

TEST_F(SenderLimitTest, OneSenderTeachesLittleAboutOneItem) {
  EXPECT_EQ(push("mallory/1", 10), 10);
  EXPECT_LE(push("mallory/1", 300), 2 * 0.05 * 620);
  EXPECT_EQ(push("alice/2", 10), 10) << "each sender has its own allowance";
}

TEST_F(SenderLimitTest, AFloodEarnsNoAllowance) { EXPECT_LE(push("mallory/1", 10'000), 2 * 0.05 * 1000); }

TEST_F(SenderLimitTest, AKeyIsOneSenderFromHoweverManyAddresses) {
  int admitted = 0;
  for (std::uint64_t client = 0; client < 1000; ++client) admitted += send(numbered("leaked/", client), "pushed");
  EXPECT_LE(admitted, 100);
  EXPECT_GE(admitted, 50);
}

TEST_F(SenderLimitTest, TheClientsOfAKeyThatAllShareAreSendersToo) {
  EXPECT_LE(push("shop/mallory", 300), 2 * 0.05 * 600);
}

TEST_F(SenderLimitTest, WhoSendsMostOfASiteIsNotLimited) {
  EXPECT_EQ(push("shop/backend", 300), 300);
  time_ += kHour;
  EXPECT_EQ(push("shop/backend", 300), 300);
}

TEST_F(SenderLimitTest, AFloodDoesNotMakeTheSite) {
  for (int hour = 0; hour < 8; ++hour) SetUp();
  push("mallory/1", 10'000);
  SetUp();
  EXPECT_LE(push("mallory/1", 1000), 500) << "beside the 1000 that the site sends";
}

// What a table can hold must not be a way around the limit.
TEST_F(SenderLimitTest, MadeUpItemsEndNothing) {
  int admitted = 0;
  for (std::uint64_t i = 0; i < 10 * SenderLimit::kMaxCounts; ++i) {
    send("mallory/1", numbered("made-up-", i));
    if (i % 1000 == 0) admitted += send("mallory/1", "pushed");
  }
  EXPECT_LE(admitted, 100);
}

TEST_F(SenderLimitTest, AFloodOfOthersDoesNotLimitTheSite) {
  for (std::uint64_t i = 0; i < 20'000; ++i) send("mallory/1", numbered("item-", i));
  for (int hour = 0; hour < 2; ++hour) {
    SetUp();
    for (std::uint64_t i = 0; i < 20'000; ++i) send("mallory/1", numbered("item-", i));
    EXPECT_GE(push("shop/backend", 200), 195) << "a page that a fifth of all visits";
  }
}

TEST_F(SenderLimitTest, AfterAPauseTheSiteIsStillTheSite) {
  time_ += 20 * kHour;
  EXPECT_EQ(push("shop/backend", 300), 300);
}

TEST_F(SenderLimitTest, ABusyHourDoesNotLimitTheSite) {
  for (int hour = 0; hour < 3; ++hour, time_ += kHour) EXPECT_EQ(push("shop/backend", 10'000), 10'000) << hour;
  for (int hour = 0; hour < 3; ++hour, time_ += kHour) EXPECT_EQ(push("shop/backend", 20), 20) << hour;
  EXPECT_EQ(push("shop/backend", 10'000), 10'000);
}

TEST_F(SenderLimitTest, ANewBackEndBecomesTheSiteWithinHours) {
  for (int hour = 0; hour < 4; ++hour) {
    for (std::uint64_t i = 0; i < 1000; ++i) send("shop/new", numbered("item-", i));
    time_ += kHour;
  }
  EXPECT_EQ(push("shop/new", 300), 300);
}

TEST_F(SenderLimitTest, APartitionThatLagsBeginsNoWindows) {
  int learned = 0;
  for (int i = 0; i < 100; ++i) {
    learned += push("mallory/1", 3);
    time_ -= 5 * kHour;
    send("mallory/1", "item-1");
    time_ += 5 * kHour;
  }
  EXPECT_LE(learned, 80);
}

TEST_F(SenderLimitTest, WhatDidNotComeOverHttpMovesNoWindows) {
  const int learned = push("mallory/1", 300);
  time_ += 24 * kHour;
  send("", "item-1");
  time_ -= 24 * kHour;
  EXPECT_LE(learned + push("mallory/1", 300), 2 * 0.05 * 1000);
  time_ += 2 * kHour;
  EXPECT_EQ(push("mallory/1", 10), 10);
}

// Such as one that writes to Kafka itself, until it tries HTTP.
TEST_F(SenderLimitTest, ASiteWhoseSendersAreNotKnownIsTheSite) {
  limit_ = SenderLimit({.share = 0.05, .least = 10, .window = kHour});
  const auto hours = [&](int count) {
    for (; count > 0; --count, time_ += kHour) {
      for (std::uint64_t i = 0; i < 1000; ++i) send("", numbered("item-", i));
    }
  };
  hours(SenderLimit::kSettled);
  time_ += 5 * kHour;  // a quiet night
  hours(2);
  EXPECT_NEAR(limit_.part_of(SenderId{}.key), 1, 1e-3);
  EXPECT_LE(push("mallory/1", 10'000), 2 * 0.05 * 1000);
  EXPECT_EQ(limit_.share_of(limit_.sender_of({}, "mallory/1").key), 0.05);
}

TEST_F(SenderLimitTest, AFarOffTimeThatDidNotComeOverHttpStopsNoWindows) {
  limit_ = SenderLimit({.share = 0.05, .least = 10, .window = kHour});
  for (int hour = 0; hour < 2; ++hour) {
    time_ += 50'000 * kHour;
    send("", "item-1");
    time_ -= 50'000 * kHour;
    SetUp();
  }
  EXPECT_LE(push("mallory/1", 10'000), 2 * 0.05 * 1000);
  time_ += 2 * kHour;
  EXPECT_EQ(push("mallory/1", 10), 10) << "of another window";
}

TEST_F(SenderLimitTest, ASenderWithoutAClientIsCountedOnce) { EXPECT_EQ(push("mobile", 10), 10); }

TEST_F(SenderLimitTest, InAQuietHourNobodyBecomesTheSite) {
  time_ += kHour;
  send("mallory/1", "item-1");  // all that is sent in this hour
  time_ += kHour;
  EXPECT_LE(push("mallory/1", 300), 60);
}

TEST_F(SenderLimitTest, ItemsKeepTheirOrderBeyondTheAllowance) {
  int often = 0, seldom = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    often += send("new/1", "often") + send("new/1", "often");
    seldom += send("new/1", "seldom");
    for (std::uint64_t j = 0; j < 7; ++j) send("new/1", numbered("item-", 7 * i + j));
  }
  EXPECT_GT(often, seldom);
  EXPECT_LT(seldom, 300);
}

TEST_F(SenderLimitTest, TheItemsOfASmallCatalogueHaveTheirShares) {
  int admitted = 0;
  for (std::uint64_t i = 0; i < 600; ++i)
    admitted += admits(limit_, "new/1", numbered("item-", i % 10), time_, 1, 10) ? 1 : 0;
  EXPECT_EQ(admitted, 600);
}

TEST_F(SenderLimitTest, UnknownSendersAndAShareOfOneAreNotLimited) {
  EXPECT_EQ(push("", 100), 100);
  limit_ = SenderLimit({.share = 1, .least = 1, .window = kHour});
  SetUp();
  EXPECT_EQ(push("mallory/1", 100), 100);
}

TEST_F(SenderLimitTest, AnEventOfAnyWeightIsAdmittedOnce) {
  EXPECT_EQ(send("mallory/1", "pushed", 1000), 1);
  EXPECT_EQ(send("mallory/1", "pushed", 1000), 0);
}

TEST_F(SenderLimitTest, TheWindowBeforeCountsAndNoOther) {
  EXPECT_LE(push("mallory/1", 20), 15);
  SetUp();  // another hour
  EXPECT_LE(push("mallory/1", 10), 3);
  time_ += 3 * kHour;
  EXPECT_EQ(push("mallory/1", 10), 10);
}

TEST_F(SenderLimitTest, MemoryIsBounded) {
  std::size_t most = 0;
  for (std::size_t i = 0; i < 3 * SenderLimit::kMaxCounts; ++i) {
    send(numbered("shop/", i), numbered("item-", i));
    most = std::max(most, limit_.memory_bytes());
  }
  EXPECT_LE(most, (2 * SenderLimit::kMaxCounts + SenderLimit::kMaxSenders + 8) * 48);
}

/// The weights sent and learned that are saved of this window.
std::vector<std::pair<float, float>> counts_in(const std::string& saved) {
  ByteReader in(saved);
  in.fixed<std::int64_t>();
  for (int i = 0; i < 2; ++i) in.fixed<double>();
  in.varint();
  for (std::uint64_t senders = in.varint(); senders > 0; --senders) {
    in.take(8 + 3 * 4);
    in.varint();
  }
  std::vector<std::pair<float, float>> counts(in.varint());
  for (auto& [sent, learned] : counts) {
    in.take(8);
    sent = in.fixed<float>();
    learned = in.fixed<float>();
  }
  EXPECT_TRUE(in.ok());
  return counts;
}

TEST_F(SenderLimitTest, OfWhatIsCountedTheWeightSentIsNeverLost) {
  SenderLimit limit({.share = 0.05, .least = 10, .window = kHour});
  // A sender without a client has one count per item, any other two: one of these two fills the table.
  for (std::uint64_t i = 0; i + 1 < SenderLimit::kMaxCounts; ++i) {
    admits(limit, "shop", numbered("item-", i), time_);
  }
  EXPECT_TRUE(admits(limit, "other/client", "item", time_));
  std::string saved;
  ByteWriter out(saved);
  limit.save(out);
  const auto counts = counts_in(saved);
  EXPECT_EQ(counts.size(), 2U) << "all others are the smallest";
  for (const auto& [sent, learned] : counts) EXPECT_GE(sent, learned);
}

TEST_F(SenderLimitTest, GoesOnAfterSaveAndLoad) {
  push("mallory/1", 300);
  std::string bytes, again;
  ByteWriter out(bytes);
  limit_.save(out);
  SenderLimit loaded({.share = 0.05, .least = 10, .window = kHour});
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_TRUE(in.at_end());
  ByteWriter copy(again);
  loaded.save(copy);
  EXPECT_EQ(again, bytes);
  for (std::uint64_t i = 0; i < 600; ++i) {
    const std::string item = i % 2 == 0 ? "pushed" : numbered("other-", i);
    EXPECT_EQ(admits(loaded, "mallory/1", item, time_), admits(limit_, "mallory/1", item, time_));
  }
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/served_recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random_id.h"
#include "tests/support/history_events.h"
#include "tests/support/served_lists.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

using namespace std::chrono_literals;
using Names = SeenItems;

const Audience kUser{{Owner::Kind::user, "u"}, {Owner::Kind::user, "u"}};
const Audience kSession{{Owner::Kind::session, "u"}, {Owner::Kind::session, "u"}};

List list_of(std::string id, const std::vector<std::string>& items) {
  List list;
  list.id = std::move(id);
  list.model_version = 3;
  for (const std::string& item : items) list.items.push_back({item, 1.23456F, {}});
  return list;
}

class ServedRecorderTest : public ::testing::Test {
 protected:
  Names served(const Audience& audience, std::chrono::milliseconds age = 1h) {
    const auto items = recorder_.items_since(audience.owner, age);
    EXPECT_TRUE(items);
    return *items;
  }

  std::size_t stored(const Owner& owner) { return fixture_.served.page(owner, 100, {})->lists.size(); }

  double count(const char* result) {
    return fixture_.metrics.counter("freshet_serve_served_lists_total", "", {{"result", result}}).Value();
  }

  testing::ServiceFixture fixture_;
  Services services_ = fixture_.services();
  ServedRecorder recorder_{services_};
};

TEST_F(ServedRecorderTest, AListIsRecordedAsItWasShown) {
  List list = list_of("00000000aaaaaaaa", {"a", "b"});
  list.items[1].propensity = 0.25;
  Audience audience = kUser;
  audience.placement = "home";
  audience.page_of = "first";
  recorder_.record(audience, list);
  EXPECT_EQ(served(kUser), (Names{"a", "b"}));
  const auto page = fixture_.served.page(kUser.owner, 100, {});
  ASSERT_EQ(page->lists.size(), 1U);
  EXPECT_EQ(page->lists[0].time, fixture_.clock.now());
  EXPECT_EQ(page->lists[0].list,
            (ServedList{"00000000aaaaaaaa", "first", "home", "", "greedy", 3, {{"a", 1.23F}, {"b", 1.23F, 0.25F}}}));
  EXPECT_EQ(count("logged"), 1);
}

TEST_F(ServedRecorderTest, OnlyWhatWasServedWithinTheAgeCounts) {
  recorder_.record(kUser, list_of("00000000aaaaaaaa", {"a"}));
  fixture_.clock.advance(2min);
  recorder_.record(kUser, list_of("00000000aaaaaaab", {"b"}));
  EXPECT_EQ(served(kUser, 1min), Names{"b"});
  EXPECT_EQ(served(kUser, 2min), Names{"b"});
  EXPECT_EQ(served(kUser, 2min + 1ms), (Names{"a", "b"}));
  fixture_.clock.advance(RecentlyServed::kMaxAge + 1ms);
  recorder_.record(kSession, list_of("00000000aaaaaaac", {"c"}));
  EXPECT_EQ(served(kUser, 24h).count("a"), 1U) << "it is stored";
}

TEST_F(ServedRecorderTest, AnOwnerWithoutConsentLeavesNoRecord) {
  fixture_.transient.add(testing::user_event(0, "u", "x", 1'800'000'000'000).event);
  recorder_.record(kUser, list_of("00000000aaaaaaaa", {"a"}));
  EXPECT_EQ(stored(kUser.owner), 0U);
  EXPECT_EQ(count("no_consent"), 1);
  EXPECT_EQ(served(kUser), Names{"a"}) << "in memory, as the events are";
  recorder_.erase(kUser.owner);
  EXPECT_EQ(served(kUser), Names{});
}

TEST_F(ServedRecorderTest, AnEmptyListIsNone) {
  recorder_.record(kUser, list_of("00000000aaaaaaaa", {}));
  EXPECT_EQ(stored(kUser.owner), 0U);
}

TEST_F(ServedRecorderTest, TheShareIsDecidedByTheIdOfTheList) {
  fixture_.served_share = 0.5;
  const Services services = fixture_.services();
  ServedRecorder half(services);
  half.record(kUser, list_of("7fffffffffffffff", {"a"}));
  half.record(kUser, list_of("8000000000000000", {"b"}));
  EXPECT_EQ(stored(kUser.owner), 1U);
  EXPECT_EQ(count("sampled_out"), 1);
  EXPECT_TRUE(is_in_share("ffffffffffffffff", 1));
  EXPECT_FALSE(is_in_share("0000000000000000", 0));
  int in = 0;
  for (int i = 0; i < 10'000; ++i) in += is_in_share(random_id(), 0.25) ? 1 : 0;
  EXPECT_NEAR(in, 2500, 250);
}

TEST_F(ServedRecorderTest, MemoryIsBounded) {
  RecentlyServed recent(fixture_.clock);
  const auto list = [](int n) {
    return SharedServedList(testing::served_list(std::to_string(n), std::vector<std::string>(100, "i")));
  };
  for (int n = 0; n < 4000; ++n) {
    recent.add({Owner::Kind::user, "u" + std::to_string(n % 500)}, fixture_.clock.now(), list(n));
  }
  std::size_t items = 0;
  for (int n = 0; n < 500; ++n) {
    recent.visit_since({Owner::Kind::user, "u" + std::to_string(n)}, Timestamp{}, [&](const ServedList& one) {
      items += one.entries.size();
      return true;
    });
  }
  EXPECT_LE(items, RecentlyServed::kMaxItems);
  EXPECT_GE(items, RecentlyServed::kMaxItems / 3) << "shards are filled unevenly";
}

TEST_F(ServedRecorderTest, NoMoreItemsAreLeftOutThanTheNewest) {
  for (int n = 0; n < 30; ++n) {
    std::vector<std::string> items;
    for (int i = 0; i < 1000; ++i) items.push_back(std::to_string(n) + "-" + std::to_string(i));
    recorder_.record(kUser, list_of("00000000aaaaaaaa", items));
  }
  const Names items = served(kUser);
  EXPECT_EQ(items.size(), ServedRecorder::kMaxItems);
  EXPECT_TRUE(items.contains("29-0"));
  EXPECT_FALSE(items.contains("0-0"));
}

TEST_F(ServedRecorderTest, TheMemoryOfAnErasedOwnerIsGoneAndOthersStay) {
  RecentlyServed recent(fixture_.clock);
  const auto add = [&](int owner, int count) {
    for (int n = 0; n < count; ++n) {
      recent.add({Owner::Kind::user, std::to_string(owner)}, fixture_.clock.now(),
                 SharedServedList(testing::served_list("r", std::vector<std::string>(100, "i"))));
    }
  };
  const auto lists = [&](int owner) {
    int count = 0;
    recent.visit_since({Owner::Kind::user, std::to_string(owner)}, Timestamp{}, [&](const ServedList&) {
      ++count;
      return true;
    });
    return count;
  };
  for (int owner = 0; owner < 100; ++owner) add(owner, 3);
  for (int owner = 0; owner < 100; owner += 2) recent.erase({Owner::Kind::user, std::to_string(owner)});
  for (int owner = 0; owner < 100; ++owner) EXPECT_EQ(lists(owner), owner % 2 == 0 ? 0 : 3) << owner;
  for (int owner = 0; owner < 100; owner += 2) add(owner, 1);
  fixture_.clock.advance(RecentlyServed::kMaxAge + 1ms);
  for (int owner = 100; owner < 1000; ++owner) add(owner, 1);  // in every shard
  for (int owner = 0; owner < 100; ++owner) EXPECT_EQ(lists(owner), 0) << owner;
}

}  // namespace
}  // namespace freshet::serve

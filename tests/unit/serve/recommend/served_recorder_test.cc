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
using Names = std::set<std::string>;

const Audience kUser{{Owner::Kind::user, "u"}, {Owner::Kind::user, "u"}};

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
    Names names;
    EXPECT_TRUE(recorder_.visit_items(audience.owner, age, [&](const std::string& item) { names.insert(item); }));
    return names;
  }

  std::size_t stored(const Owner& owner) { return fixture_.served.page(owner, 100, {})->lists.size(); }

  double count(const char* result) {
    return fixture_.metrics.counter("freshet_serve_served_lists_total", "", {{"result", result}}).Value();
  }

  testing::ServiceFixture fixture_;
  Services services_ = fixture_.services();
  ServedRecorder recorder_{services_};
};

TEST_F(ServedRecorderTest, AListIsKnownBeforeItIsRecordedAndStoredAfterwards) {
  List list = list_of("00000000aaaaaaaa", {"a", "b"});
  list.items[1].propensity = 0.25;
  Audience audience = kUser;
  audience.placement = "home";
  audience.page_of = "first";
  const auto noted = recorder_.note(audience, list);
  EXPECT_EQ(served(kUser), (Names{"a", "b"}));
  EXPECT_EQ(stored(kUser.owner), 0U);
  recorder_.record(audience, noted);
  const auto page = fixture_.served.page(kUser.owner, 100, {});
  ASSERT_EQ(page->lists.size(), 1U);
  EXPECT_EQ(page->lists[0].time, fixture_.clock.now());
  EXPECT_EQ(page->lists[0].list,
            (ServedList{"00000000aaaaaaaa", "first", "home", "", "greedy", 3, {{"a", 1.23F}, {"b", 1.23F, 0.25F}}}));
  EXPECT_EQ(count("logged"), 1);
}

TEST_F(ServedRecorderTest, OnlyWhatWasServedWithinTheAgeCounts) {
  recorder_.record(kUser, recorder_.note(kUser, list_of("00000000aaaaaaaa", {"a"})));
  fixture_.clock.advance(2min);
  recorder_.note(kUser, list_of("00000000aaaaaaab", {"b"}));
  EXPECT_EQ(served(kUser, 1min), Names{"b"});
  EXPECT_EQ(served(kUser, 2min), Names{"b"});
  EXPECT_EQ(served(kUser, 2min + 1ms), (Names{"a", "b"}));
  fixture_.clock.advance(RecentlyServed::kMaxAge + 1ms);
  recorder_.note({kUser.named, {Owner::Kind::session, "u"}}, list_of("00000000aaaaaaac", {"c"}));
  EXPECT_EQ(served(kUser, 24h).count("a"), 1U) << "it is stored";
}

TEST_F(ServedRecorderTest, AnOwnerWithoutConsentLeavesNoRecord) {
  fixture_.transient.add(testing::user_event(0, "u", "x", 1'800'000'000'000).event);
  recorder_.record(kUser, recorder_.note(kUser, list_of("00000000aaaaaaaa", {"a"})));
  EXPECT_EQ(stored(kUser.owner), 0U);
  EXPECT_EQ(count("no_consent"), 1);
  EXPECT_EQ(served(kUser), Names{"a"}) << "in memory, as the events are";
  recorder_.erase(kUser.owner);
  EXPECT_EQ(served(kUser), Names{});
}

TEST_F(ServedRecorderTest, AnEmptyListIsNone) {
  recorder_.record(kUser, recorder_.note(kUser, list_of("00000000aaaaaaaa", {})));
  EXPECT_EQ(stored(kUser.owner), 0U);
}

TEST_F(ServedRecorderTest, TheShareIsDecidedByTheIdOfTheList) {
  fixture_.served_share = 0.5;
  const Services services = fixture_.services();
  ServedRecorder half(services);
  half.record(kUser, half.note(kUser, list_of("7fffffffffffffff", {"a"})));
  half.record(kUser, half.note(kUser, list_of("8000000000000000", {"b"})));
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
    recent.visit_since({Owner::Kind::user, "u" + std::to_string(n)}, Timestamp{},
                       [&](const ServedList& one) { items += one.entries.size(); });
  }
  EXPECT_LE(items, RecentlyServed::kMaxItems);
  EXPECT_GE(items, RecentlyServed::kMaxItems / 3) << "shards are filled unevenly";
}

}  // namespace
}  // namespace freshet::serve

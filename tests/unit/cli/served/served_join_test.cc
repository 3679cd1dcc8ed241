// SPDX-License-Identifier: Apache-2.0
#include "cli/served/served_join.h"

#include <gtest/gtest.h>

#include "tests/support/served_lists.h"

namespace freshet::cli {
namespace {

using freshet::testing::served_list;
using freshet::testing::user_event;
using std::chrono::minutes;

constexpr std::int64_t kMinute = 60'000;

store::StoredList stored(const std::string& request, std::int64_t minute, const std::vector<std::string>& items) {
  return {timestamp_from_ms(minute * kMinute), {0, minute}, served_list(request, items)};
}

Event event(const std::string& item, std::int64_t minute, const std::string& request = "") {
  Event event = user_event(0, "u", item, minute * kMinute).event;
  event.request = request;
  return event;
}

TEST(ListsOfOwner, AnEventFollowsFromTheNewestListThatHadItsItem) {
  const ListsOfOwner lists({stored("c", 20, {"y"}), stored("b", 10, {"y", "x"}), stored("a", 0, {"x"})});
  const auto match = lists.match(event("x", 25), minutes(30));
  ASSERT_TRUE(match);
  EXPECT_EQ(match->list, 1U);
  EXPECT_EQ(match->entry, 1U);
  EXPECT_EQ(lists.match(event("x", 5), minutes(30))->list, 2U) << "not from a later list";
  EXPECT_EQ(lists.match(event("x", 40), minutes(30))->list, 1U);
  EXPECT_FALSE(lists.match(event("x", 41), minutes(30)));
  EXPECT_FALSE(lists.match(event("z", 25), minutes(30)));
}

TEST(ListsOfOwner, TheListThatTheEventNamesComesFirstAtAnyTime) {
  const ListsOfOwner lists({stored("b", 10, {"x"}), stored("a", 0, {"x"})});
  EXPECT_EQ(lists.match(event("x", 15, "a"), minutes(30))->list, 1U);
  EXPECT_EQ(lists.match(event("x", 500, "a"), minutes(30))->list, 1U);
  EXPECT_EQ(lists.match(event("x", 15, "unknown"), minutes(30))->list, 0U);
  EXPECT_FALSE(lists.match(event("y", 15, "a"), minutes(30)));
}

TEST(ServedLine, IsWhatOpeReads) {
  auto list = stored("r", 1, {"x", "y"});
  list.list.arm = "a";
  list.list.entries[1].propensity = 0.5F;
  EXPECT_EQ(served_line({Owner::Kind::user, "u"}, list, {{{"click", 2}, {"view", 1}}, {}}),
            R"({"list":"r","time":60000,"placement":"default","arm":"a","policy":"greedy","snapshot":17,"owner":"u",)"
            R"("items":[{"item":"x","position":1,"score":9.5,"propensity":1,"actions":{"click":2,"view":1}},)"
            R"({"item":"y","position":2,"score":8.5,"propensity":0.5,"explored":true}]})");
}

}  // namespace
}  // namespace freshet::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/session_lists.h"

#include <gtest/gtest.h>

namespace freshet::cli {
namespace {

Event event(const std::string& session, const std::string& item, const std::string& type, std::int64_t seconds) {
  Event event;
  event.session = session;
  event.item = item;
  event.type = type;
  event.time = timestamp_from_ms(1'700'000'000'000 + seconds * 1000);
  return event;
}

struct SessionListsTest : ::testing::Test {
  online::Options options;
  SessionLists lists{options};
  const SessionLists::Ranks ranks{3, std::nullopt};
};

TEST_F(SessionListsTest, AnActionIsOfTheListByWhichItsSessionCameToTheItem) {
  lists.scored(event("s", "a", "view", 0), ranks);
  EXPECT_EQ(lists.of_unscored(event("t", "a", "cart", 1)), nullptr);
  EXPECT_EQ(lists.of_unscored(event("s", "a", "view", 1)), nullptr) << "a repeat";
  ASSERT_NE(lists.of_unscored(event("s", "a", "add_to_cart", 2)), nullptr);
  EXPECT_EQ(lists.of_unscored(event("s", "a", "cart", 3)), nullptr) << "once";
  ASSERT_NE(lists.of_unscored(event("s", "a", "purchase", 4)), nullptr);
  ASSERT_NE(lists.of_unscored(event("s", "a", "dislike", 5)), nullptr);
  EXPECT_EQ(*lists.of_unscored(event("s", "a", "refund", 6)), ranks);
  for (const char* no_action : {"impression", "never heard of"}) {
    EXPECT_EQ(lists.of_unscored(event("s", "a", no_action, 7)), nullptr) << no_action;
  }
}

TEST_F(SessionListsTest, NotAfterThePauseThatEndsASessionNorOnceItHasGoneOn) {
  lists.scored(event("s", "a", "view", 0), ranks);
  EXPECT_EQ(lists.of_unscored(event("s", "a", "purchase", 1801)), nullptr);
  lists.scored(event("s", "a", "view", 2000), ranks);
  EXPECT_EQ(lists.of_unscored(event("s", "b", "impression", 2001)), nullptr);
  EXPECT_NE(lists.of_unscored(event("s", "a", "purchase", 2002)), nullptr);
  EXPECT_EQ(lists.of_unscored(event("s", "b", "view", 2003)), nullptr);
  EXPECT_EQ(lists.of_unscored(event("s", "a", "cart", 2004)), nullptr);
}

}  // namespace
}  // namespace freshet::cli

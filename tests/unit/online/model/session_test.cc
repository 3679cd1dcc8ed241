// SPDX-License-Identifier: Apache-2.0
#include "online/model/session.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using testing::at_seconds;

Event click(const std::string& item, std::int64_t seconds, const std::string& type = "view") {
  Event event;
  event.user = "u";
  event.item = item;
  event.type = type;
  event.time = at_seconds(seconds);
  return event;
}

ItemIndex number_of(std::string_view item) {
  static const std::map<std::string_view, ItemIndex> known{{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}};
  const auto found = known.find(item);
  return found == known.end() ? kNoItem : found->second;
}

std::vector<ItemIndex> items_of(const Context& context) {
  std::vector<ItemIndex> items;
  for (const Visit& visit : context.session) items.push_back(visit.item);
  return items;
}

TEST(SessionFromHistory, IsOldestFirstAndEndsAtTheLastPause) {
  const std::vector<Event> history{click("c", 5000), click("b", 4000), click("a", 100)};
  const Context context = session_from_history(history, at_seconds(5100), Options{}, IdHash{}, number_of).context;
  EXPECT_EQ(items_of(context), (std::vector<ItemIndex>{1, 2}));
  EXPECT_EQ(context.session[1].time, at_seconds(5000));
  EXPECT_EQ(context.now, at_seconds(5100));
  EXPECT_EQ(context.session_key, IdHash{}.owner(Owner::Kind::user, "u"));
}

TEST(SessionFromHistory, IsOverAfterThePause) {
  const std::vector<Event> history{click("c", 5000)};
  EXPECT_TRUE(session_from_history(history, at_seconds(6801), Options{}, IdHash{}, number_of).context.session.empty());
  EXPECT_EQ(session_from_history(history, at_seconds(6800), Options{}, IdHash{}, number_of).context.session.size(), 1U);
  Options never;
  never.session_gap = std::chrono::seconds(0);
  EXPECT_EQ(session_from_history(history, at_seconds(1'000'000), never, IdHash{}, number_of).context.session.size(),
            1U);
}

TEST(SessionFromHistory, SkipsUnknownItemsAndTypesThatAreNotLearned) {
  const std::vector<Event> history{click("c", 50), click("?", 40), click("b", 30, "impression"), click("a", 20)};
  EXPECT_EQ(items_of(session_from_history(history, at_seconds(60), Options{}, IdHash{}, number_of).context),
            (std::vector<ItemIndex>{0, 2}));
}

TEST(SessionFromHistory, IsOneSessionIdEvenIfTheUserHasSeveral) {
  std::vector<Event> history{click("c", 50), click("b", 40), click("a", 30)};
  history[0].session = history[1].session = "new";
  history[2].session = "old";
  const Context context = session_from_history(history, at_seconds(60), Options{}, IdHash{}, number_of).context;
  EXPECT_EQ(items_of(context), (std::vector<ItemIndex>{1, 2}));
  EXPECT_EQ(context.session_key, IdHash{}.owner(Owner::Kind::session, "new"));
}

TEST(SessionFromHistory, GoesOnWhenItsUserLogsInOrOut) {
  std::vector<Event> history{click("c", 50), click("b", 40), click("a", 30)};
  for (Event& event : history) event.session = "s";
  history[0].user = history[2].user = "";
  const Context context = session_from_history(history, at_seconds(60), Options{}, IdHash{}, number_of).context;
  EXPECT_EQ(items_of(context), (std::vector<ItemIndex>{0, 1, 2}));
  EXPECT_EQ(context.session_key, IdHash{}.owner(Owner::Kind::session, "s"));
  EXPECT_EQ(context.user_key, IdHash{}.owner(Owner::Kind::user, "u"));
}

TEST(SessionFromHistory, EndsWhereTheSessionIdWasAnotherUsers) {
  std::vector<Event> history{click("d", 60), click("c", 50), click("b", 40), click("a", 30)};
  for (Event& event : history) event.session = "undefined";
  history[0].user = "";
  history[2].user = "v";
  const HistorySession found = session_from_history(history, at_seconds(60), Options{}, IdHash{}, number_of);
  EXPECT_EQ(items_of(found.context), (std::vector<ItemIndex>{2, 3}));
  EXPECT_TRUE(found.whole);
  EXPECT_EQ(found.context.user_key, IdHash{}.owner(Owner::Kind::user, "u"));
}

TEST(SessionFromHistory, HoldsAtMostTheNewestItems) {
  Options options;
  options.max_session_items = 2;
  const std::vector<Event> history{click("a", 60), click("d", 50), click("d", 45), click("c", 40)};
  const Context context = session_from_history(history, at_seconds(60), options, IdHash{}, number_of).context;
  EXPECT_EQ(items_of(context), (std::vector<ItemIndex>{3, 0}));
  EXPECT_EQ(context.session[0].time, at_seconds(45));
}

Interaction visit(std::uint64_t key, ItemIndex item, std::int64_t seconds, std::uint64_t user = 0) {
  return {item, 1.0F, at_seconds(seconds), false, OwnerKey{key}, OwnerKey{user}};
}

void see(SessionTracker& tracker, const Interaction& event) {
  tracker.before(event.session_key, event.user_key, event.time);
  tracker.append(event);
}

TEST(SessionTracker, FollowsASessionUntilItPauses) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(2, 99, 1));
  see(tracker, visit(1, 11, 1800));
  EXPECT_EQ(items_of(tracker.before(OwnerKey{1}, kNobody, at_seconds(3600))), (std::vector<ItemIndex>{10, 11}));
  tracker.append(visit(1, 12, 3600));
  EXPECT_TRUE(tracker.before(OwnerKey{1}, kNobody, at_seconds(5401)).session.empty());
}

TEST(SessionTracker, AnotherUserBeginsASession) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(1, 11, 1, 77));
  see(tracker, visit(1, 12, 2));
  EXPECT_EQ(items_of(tracker.before(OwnerKey{1}, OwnerKey{77}, at_seconds(3))), (std::vector<ItemIndex>{10, 11, 12}));
  EXPECT_TRUE(tracker.before(OwnerKey{1}, OwnerKey{78}, at_seconds(4)).session.empty());
  tracker.append(visit(1, 13, 4, 78));
  EXPECT_EQ(items_of(tracker.before(OwnerKey{1}, kNobody, at_seconds(5))), (std::vector<ItemIndex>{13}));
  tracker.forget_item(13);
  EXPECT_TRUE(tracker.before(OwnerKey{1}, kNobody, at_seconds(6)).session.empty());
}

TEST(SessionTracker, ARepeatIsCollapsedButKeepsTheSessionOpen) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(1, 10, 1500));
  const Context& before = tracker.before(OwnerKey{1}, kNobody, at_seconds(3000));
  EXPECT_EQ(items_of(before), (std::vector<ItemIndex>{10}));
  EXPECT_EQ(before.session[0].time, at_seconds(0));
}

TEST(SessionTracker, AgreesWithTheSessionFromHistory) {
  SessionTracker tracker(Options{});
  const OwnerKey user = IdHash{}.owner(Owner::Kind::user, "u");
  const std::string items = "abbacddcba";
  std::vector<Event> newest_first;
  std::int64_t seconds = 0;
  for (const char item : items) {
    seconds += item == 'c' ? 2000 : 700;
    newest_first.insert(newest_first.begin(), click(std::string(1, item), seconds));
    see(tracker, {number_of(std::string(1, item)), 1.0F, at_seconds(seconds), false, user});
    const Context expected =
        session_from_history(newest_first, at_seconds(seconds + 10), Options{}, IdHash{}, number_of).context;
    const Context& tracked = tracker.before(user, kNobody, at_seconds(seconds + 10));
    EXPECT_EQ(items_of(tracked), items_of(expected));
    EXPECT_EQ(tracked.session_key, expected.session_key);
    for (std::size_t i = 0; i < expected.session.size(); ++i) {
      EXPECT_EQ(tracked.session[i].time, expected.session[i].time);
    }
  }
}

TEST(SessionTracker, ALateEventNeitherClosesNorShortensASession) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 10'000));
  see(tracker, visit(1, 11, 2'000));
  EXPECT_EQ(tracker.before(OwnerKey{1}, kNobody, at_seconds(11'700)).session.size(), 2U);
}

TEST(SessionTracker, ClosesTheLeastRecentlyActiveWhenFull) {
  Options options;
  options.max_open_sessions = 2;
  SessionTracker tracker(options);
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(2, 20, 1));
  see(tracker, visit(1, 11, 2));
  see(tracker, visit(3, 30, 3));
  EXPECT_EQ(tracker.size(), 2U);
  EXPECT_EQ(tracker.before(OwnerKey{1}, kNobody, at_seconds(4)).session.size(), 2U);
  EXPECT_TRUE(tracker.before(OwnerKey{2}, kNobody, at_seconds(4)).session.empty());
}

TEST(SessionTracker, ForgetsSessionsADayAfterTheirPause) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(2, 20, 80'000));
  EXPECT_EQ(tracker.size(), 2U);
  see(tracker, visit(3, 30, 88'300));
  EXPECT_EQ(tracker.size(), 2U);
}

TEST(SessionTracker, EraseDropsAllSessionsOfTheUserAndOfTheSession) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0, 77));
  see(tracker, visit(2, 20, 0, 77));
  see(tracker, visit(3, 30, 0, 78));
  see(tracker, visit(4, 40, 0));
  tracker.erase(OwnerKey{77});
  EXPECT_EQ(tracker.size(), 2U);
  tracker.erase(OwnerKey{4});
  EXPECT_EQ(tracker.size(), 1U);
  EXPECT_EQ(tracker.before(OwnerKey{3}, kNobody, at_seconds(1)).session.size(), 1U);
}

TEST(SessionTracker, AForgottenItemLeavesAllSessions) {
  SessionTracker tracker(Options{});
  see(tracker, visit(1, 10, 0));
  see(tracker, visit(1, 11, 1));
  see(tracker, visit(1, 10, 2));
  see(tracker, visit(2, 10, 3));
  tracker.forget_item(10);
  EXPECT_EQ(items_of(tracker.before(OwnerKey{1}, kNobody, at_seconds(4))), (std::vector<ItemIndex>{11}));
  EXPECT_TRUE(tracker.before(OwnerKey{2}, kNobody, at_seconds(4)).session.empty());
}

TEST(SessionTracker, CutsSavedSessionsDownToASmallerLimit) {
  SessionTracker first(Options{});
  for (ItemIndex item = 1; item <= 5; ++item) see(first, visit(1, item, item));
  const std::string bytes = testing::saved(first);
  Options small;
  small.max_session_items = 3;
  SessionTracker second(small);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  EXPECT_EQ(items_of(second.before(OwnerKey{1}, kNobody, at_seconds(6))), (std::vector<ItemIndex>{3, 4, 5}));
  see(second, visit(1, 6, 7));
  EXPECT_EQ(items_of(second.before(OwnerKey{1}, kNobody, at_seconds(8))), (std::vector<ItemIndex>{4, 5, 6}));
}

TEST(SessionTracker, RefusesAStateWithItemsBeyondTheVocabulary) {
  SessionTracker first(Options{});
  see(first, visit(1, 1000, 0));
  const std::string bytes = testing::saved(first);
  Options small;
  small.max_items = 1000;
  SessionTracker second(small);
  ByteReader in(bytes);
  EXPECT_FALSE(second.load(in));
}

}  // namespace
}  // namespace freshet::online

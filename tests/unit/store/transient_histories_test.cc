// SPDX-License-Identifier: Apache-2.0
#include "store/transient_histories.h"

#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"
#include "tests/support/history_events.h"

namespace freshet::store {
namespace {

using freshet::testing::FakeClock;
using freshet::testing::items_of_events;
using freshet::testing::user_event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TransientHistoriesTest : public ::testing::Test {
 protected:
  static Options small() {
    Options options;
    options.transient_events = 3;
    options.transient_for = std::chrono::seconds(60);
    return options;
  }

  static Event event(std::string user, std::string session, std::string item, std::int64_t ms) {
    Event event = user_event(0, std::move(user), std::move(item), ms).event;
    event.session = std::move(session);
    event.id = "id";
    event.props = R"({"page":"home"})";
    return event;
  }

  std::vector<std::string> items(Owner::Kind kind, const std::string& id, std::size_t limit = 10) {
    return items_of_events(histories.recent({kind, id}, limit));
  }

  FakeClock clock{timestamp_from_ms(1'700'000'000'000)};
  Metrics metrics;
  TransientHistories histories{small(), clock, metrics};
};

TEST_F(TransientHistoriesTest, AnswersByUserAndBySessionNewestEventTimeFirst) {
  histories.add(event("u", "s", "b", 2000));
  histories.add(event("u", "", "c", 3000));
  histories.add(event("", "s", "a", 1000));
  EXPECT_THAT(items(Owner::Kind::user, "u"), ElementsAre("c", "b"));
  EXPECT_THAT(items(Owner::Kind::session, "s"), ElementsAre("b", "a"));
  EXPECT_THAT(items(Owner::Kind::user, "u", 1), ElementsAre("c"));
  EXPECT_THAT(items(Owner::Kind::user, "s"), IsEmpty());
}

TEST_F(TransientHistoriesTest, KeepsNothingThatAListDoesNotRestOn) {
  histories.add(event("u", "", "a", 1000));
  const auto events = histories.recent({Owner::Kind::user, "u"}, 10);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].id, "");
  EXPECT_EQ(events[0].props, "");
  EXPECT_FALSE(events[0].consent);
}

TEST_F(TransientHistoriesTest, DropsTheOldestBeyondItsBoundAndCountsThem) {
  for (const char* item : {"a", "b", "c", "d", "e"}) histories.add(event("u", "s", item, 1000));
  EXPECT_THAT(items(Owner::Kind::session, "s"), ::testing::UnorderedElementsAre("c", "d", "e"));
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_events 3"));
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_dropped_total 2"));
}

TEST_F(TransientHistoriesTest, DropsTheOldestBeyondItsMemoryHoweverFewTheyAre) {
  Options options;
  options.transient_bytes = std::size_t{1} << 20;
  TransientHistories bounded(options, clock, metrics);
  const std::string padding(kMaxIdBytes - 10, 'x');
  constexpr int kEvents = 1000;  // of more than 3 KiB each, with an owner in the event and in the index
  for (int i = 0; i < kEvents; ++i) {
    const std::string number = std::to_string(i);
    bounded.add(event("u" + number + padding, "s" + number + padding, "i" + number + padding, 1000));
  }
  int held = 0;
  for (int i = 0; i < kEvents; ++i) {
    const auto own = bounded.recent({Owner::Kind::user, "u" + std::to_string(i) + padding}, 10);
    EXPECT_TRUE(held == 0 || !own.empty()) << i << " is newer than one that is held";
    held += own.empty() ? 0 : 1;
  }
  EXPECT_GT(held, 200);
  EXPECT_LT(held, 350);
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_dropped_total " + std::to_string(kEvents - held)));
  for (int i = 0; i < kEvents; ++i) bounded.erase({Owner::Kind::user, "u" + std::to_string(i) + padding});
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_bytes 0"));
}

TEST_F(TransientHistoriesTest, AFloodOfOneSenderEvictsItsOwn) {
  Options options;
  options.transient_events = 100;
  TransientHistories bounded(options, clock, metrics);
  const auto add = [&](const std::string& sender, const std::string& user) {
    Event sent = event(user, "", "a", 1000);
    sent.sender = sender;
    bounded.add(sent);
  };
  for (int i = 0; i < 20; ++i) add(i % 2 == 0 ? "web/1" : "", "visitor-" + std::to_string(i));
  for (int i = 0; i < 1000; ++i) add("web/2", "made-up-" + std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(bounded.recent({Owner::Kind::user, "visitor-" + std::to_string(i)}, 10).size(), 1U) << i;
  }
  EXPECT_EQ(bounded.recent({Owner::Kind::user, "made-up-999"}, 10).size(), 1U);
  EXPECT_THAT(bounded.recent({Owner::Kind::user, "made-up-900"}, 10), IsEmpty());
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_events 100"));
  EXPECT_EQ(bounded.recent({Owner::Kind::user, "visitor-0"}, 1)[0].sender, "") << "lists and exports need no sender";
}

TEST_F(TransientHistoriesTest, ForgetsByTimeSinceArrivalWhateverTheEventTime) {
  histories.add(event("u", "", "a", 9'000'000'000'000));
  clock.advance(std::chrono::seconds(30));
  histories.add(event("u", "", "b", 1000));
  clock.advance(std::chrono::seconds(30));
  EXPECT_THAT(items(Owner::Kind::user, "u"), ElementsAre("b"));
  clock.advance(std::chrono::seconds(30));
  histories.expire();
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_events 0"));
  EXPECT_THAT(metrics.render(), HasSubstr("freshet_store_transient_dropped_total 0"));
}

TEST_F(TransientHistoriesTest, ForgetsInTimeWhateverIsDoneToTheWallClock) {
  histories.add(event("u", "", "a", 1000));
  clock.set(clock.now() - std::chrono::hours(24));
  clock.advance(std::chrono::seconds(59));
  EXPECT_THAT(items(Owner::Kind::user, "u"), ElementsAre("a"));
  clock.advance(std::chrono::seconds(1));
  EXPECT_THAT(items(Owner::Kind::user, "u"), IsEmpty());
}

TEST_F(TransientHistoriesTest, PagesThroughAnOwnersEventsWhileMoreArrive) {
  for (const char* item : {"a", "b", "c"}) histories.add(event("u", "", item, 1000));
  const Owner u{Owner::Kind::user, "u"};
  const TransientPage first = histories.page(u, 2, {});
  EXPECT_THAT(items_of_events(first.events), ElementsAre("c", "b"));
  ASSERT_TRUE(first.next);
  histories.erase({Owner::Kind::user, "v"});
  const TransientPage second = histories.page(u, 2, first.next);
  EXPECT_THAT(items_of_events(second.events), ElementsAre("a"));
  EXPECT_FALSE(second.next);
  EXPECT_FALSE(histories.page(u, 3, {}).next);
  EXPECT_THAT(histories.page(u, 3, 0).events, IsEmpty());
  EXPECT_THAT(histories.page({Owner::Kind::user, "nobody"}, 3, {}).events, IsEmpty());
}

TEST_F(TransientHistoriesTest, ErasesAUserWithManyEvents) {
  Options options;
  TransientHistories many(options, clock, metrics);
  for (int i = 0; i < 3000; ++i) many.add(event(i % 2 == 0 ? "u" : "v", "s", "a", 1000));
  many.erase({Owner::Kind::user, "u"});
  EXPECT_THAT(many.page({Owner::Kind::user, "u"}, 10, {}).events, IsEmpty());
  EXPECT_EQ(many.page({Owner::Kind::user, "v"}, 10'000, {}).events.size(), 1500U);
  EXPECT_EQ(many.page({Owner::Kind::session, "s"}, 10'000, {}).events.size(), 1500U);
}

TEST_F(TransientHistoriesTest, ErasesAUserFromTheirSessionsToo) {
  histories.add(event("u", "s", "a", 1000));
  histories.add(event("v", "s", "b", 2000));
  histories.erase({Owner::Kind::user, "u"});
  EXPECT_THAT(items(Owner::Kind::user, "u"), IsEmpty());
  EXPECT_THAT(items(Owner::Kind::session, "s"), ElementsAre("b"));
}

}  // namespace
}  // namespace freshet::store

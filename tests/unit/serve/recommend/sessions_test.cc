// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/sessions.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

constexpr std::int64_t kNow = 1'700'000'100'000;
constexpr std::int64_t kMinute = 60'000;

class SessionsTest : public ::testing::Test {
 protected:
  /// A view a minute later than the one before, of "a", "b" and "c" in turn.
  PositionedEvent view(const std::string& user, const std::string& session) {
    auto entry = testing::user_event(next_, user, std::string(1, static_cast<char>('a' + next_ % 3)),
                                     kNow + (next_ - kFirst) * kMinute);
    entry.event.session = session;
    ++next_;
    return entry;
  }
  void learn(int views, const std::string& user, const std::string& session) {
    for (int i = 0; i < views; ++i) fixture_.learn(view(user, session));
  }
  std::size_t items_of_user() const {
    const Sessions sessions(services_);
    return sessions.current({Owner::Kind::user, "me"})->session.size();
  }

  static constexpr std::int64_t kFirst = 999;
  testing::ServiceFixture fixture_;
  const Services services_ = fixture_.services();
  std::int64_t next_ = kFirst;
};

TEST_F(SessionsTest, ALongSessionIsWhole) {
  learn(50, "me", "");
  EXPECT_EQ(items_of_user(), 50U);
}

TEST_F(SessionsTest, ALongNamedSessionIsWholeWithWhatWasBeforeTheLogin) {
  learn(25, "", "s");
  learn(25, "me", "s");
  EXPECT_EQ(items_of_user(), 50U);
}

TEST_F(SessionsTest, ImpressionsInTheSessionDoNotHideWhatWasBeforeThem) {
  learn(5, "", "s");
  learn(5, "me", "s");
  for (int i = 0; i < 30; ++i) {
    auto shown = view("", "s");
    shown.event.type = "impression";
    fixture_.learn(shown);
  }
  EXPECT_EQ(items_of_user(), 10U);
}

// Between the newest of the one kind and the newest of the other there may be more.
TEST_F(SessionsTest, EventsWithoutConsentDoNotHideStoredOnes) {
  Event held = view("me", "").event;
  held.time -= std::chrono::hours{1};
  fixture_.transient.add(held);
  learn(50, "me", "");
  EXPECT_EQ(items_of_user(), 50U);
}

// A broken front end sends the same session id for everybody.
TEST_F(SessionsTest, ASessionIdThatAllHaveShowsNobodyWhatOthersLookedAt) {
  learn(1, "stranger", "undefined");
  learn(1, "", "undefined");
  learn(1, "me", "undefined");
  learn(3, "stranger", "undefined");
  const Sessions sessions(services_);
  const Owner me{Owner::Kind::user, "me"};
  const auto context = sessions.current(me);
  ASSERT_EQ(context->session.size(), 1U) << "the event without a user is of the one before it";
  EXPECT_EQ(context->session[0].item, fixture_.model->vocabulary().find("c"));
  SeenItems seen;
  ASSERT_TRUE(sessions.visit_events(me, [&](const Event& event) { seen.insert(event.item); }).has_value());
  EXPECT_EQ(seen, SeenItems{"c"});
}

TEST_F(SessionsTest, AUsersOwnEventsDoWhereOthersDoTooMuchInTheirSession) {
  fixture_.online.max_session_items = 4;
  learn(3, "me", "undefined");
  for (const int more : {20, 1000}) {
    learn(more, "stranger", "undefined");
    EXPECT_EQ(items_of_user(), 3U);
  }
}

TEST_F(SessionsTest, SeenIsWhatTheUserAndTheirSessionHaveSeen) {
  fixture_.learn(testing::user_event(900, "me", "alone", kNow));
  learn(1, "", "s");
  learn(1, "me", "s");
  const Sessions sessions(services_);
  const auto seen_by = [&](const Owner& owner) {
    SeenItems seen;
    EXPECT_TRUE(sessions.visit_events(owner, [&](const Event& event) { seen.insert(event.item); }).has_value());
    return seen;
  };
  EXPECT_EQ(seen_by({Owner::Kind::user, "me"}), (SeenItems{"a", "alone", "b"}));
  EXPECT_EQ(seen_by({Owner::Kind::session, "s"}), (SeenItems{"a", "b"}));
}

}  // namespace
}  // namespace freshet::serve

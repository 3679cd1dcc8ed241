// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "online/model/session.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"
#include "tests/support/test_seed.h"

namespace freshet::serve {
namespace {

using online::Context;
using online::OwnerKey;

OwnerKey session_key(const online::IdHash& ids, const Event& event) {
  return event.session.empty() ? ids.user(event.user) : ids.owner(Owner::Kind::session, event.session);
}

/// What the learner knows of a session at `now`, after it has learned `events`.
Context learned(const std::vector<Event>& events, const testing::ServiceFixture& fixture, OwnerKey session,
                OwnerKey user, Timestamp now) {
  online::SessionTracker tracker(fixture.online);
  for (const Event& event : events) {
    const double weight = fixture.online.weight_of(event.type);
    if (weight <= 0) continue;
    tracker.before(session_key(fixture.ids, event), fixture.ids.user(event.user), event.time);
    online::Interaction interaction{.item = fixture.model->vocabulary().find(event.item), .time = event.time};
    interaction.session_key = session_key(fixture.ids, event);
    interaction.user_key = fixture.ids.user(event.user);
    tracker.append(interaction);
  }
  return tracker.before(session, user, now);
}

/// All events until the last of the session that `newest` is in.
struct Until {
  std::vector<Event> events;
  bool another = false;  ///< it ends because another user comes in the same session id
};

Until session_until(const std::vector<Event>& events, const Event& newest, const std::string& user,
                    const testing::ServiceFixture& fixture) {
  Until until;
  auto last = static_cast<std::size_t>(&newest - events.data());
  for (std::size_t later = last + 1; later < events.size() && !until.another; ++later) {
    const Event& event = events[later];
    if (fixture.online.weight_of(event.type) <= 0) continue;
    if (session_key(fixture.ids, event) != session_key(fixture.ids, newest)) continue;
    until.another = !user.empty() && !event.user.empty() && event.user != user;
    if (!until.another) last = later;
  }
  until.events.assign(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(last) + 1);
  return until;
}

std::string text_of(const Context& context) {
  std::string text = std::to_string(static_cast<std::uint64_t>(context.session_key)) + " " +
                     std::to_string(static_cast<std::uint64_t>(context.user_key)) + ":";
  for (const online::Visit& visit : context.session) {
    text += " " + std::to_string(visit.item) + "@" + std::to_string(to_ms(visit.time) % 100'000'000);
  }
  return text;
}

/// Users log in and out, share sessions, have several at once and none; some events are impressions, some pauses long.
Event random_event(Random& random, Timestamp& now) {
  now += std::chrono::seconds(random.below(12) == 0 ? random.below(200'000) : random.below(300));
  Event event;
  event.time = now;
  event.item = "i" + std::to_string(random.below(6));
  if (random.below(3) > 0) event.user = "w" + std::to_string(random.below(2));
  if (random.below(3) > 0 || event.user.empty()) event.session = "s" + std::to_string(random.below(3));
  if (random.below(4) == 0) event.type = "impression";
  return event;
}

TEST(Sessions, AListIsAskedForInTheContextThatTheLearnerHas) {
  Random random(testing::test_seed(8));
  for (int round = 0; round < 10; ++round) {
    testing::ServiceFixture fixture;
    fixture.online.max_session_items = round % 2 == 0 ? 200 : 4;
    const Services services = fixture.services();
    const Recommender recommender(services);
    std::vector<Event> events;
    Timestamp now = timestamp_from_ms(1'700'001'000'000);
    for (std::int64_t offset = 1000; offset < 1060; ++offset) {
      events.push_back(random_event(random, now));
      fixture.learn({.position = {0, offset}, .event = events.back(), .arrival = now});
      for (const Owner& owner : {Owner{Owner::Kind::user, "w0"}, Owner{Owner::Kind::user, "w1"},
                                 Owner{Owner::Kind::session, "s0"}, Owner{Owner::Kind::session, "s2"}}) {
        const bool is_user = owner.kind == Owner::Kind::user;
        const Event* newest = nullptr;
        for (const Event& event : events) {
          const std::string& id = is_user ? event.user : event.session;
          if (id == owner.id && fixture.online.weight_of(event.type) > 0) newest = &event;
        }
        if (newest == nullptr) continue;
        const OwnerKey user = is_user ? fixture.ids.user(owner.id) : online::kNobody;
        const Until until = session_until(events, *newest, is_user ? owner.id : "", fixture);
        Context expected;
        if (!until.another) expected = learned(events, fixture, session_key(fixture.ids, *newest), user, now);
        if (expected.session.empty()) {  // it is over, or another's by now: the last one, as the learner had it
          expected = learned(until.events, fixture, session_key(fixture.ids, *newest), user, until.events.back().time);
        }
        const auto served = recommender.context_of(owner);
        ASSERT_TRUE(served);
        ASSERT_EQ(text_of(*served), text_of(expected)) << owner.id << " after event " << offset << ", round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace freshet::serve

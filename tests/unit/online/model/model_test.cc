// SPDX-License-Identifier: Apache-2.0
#include "online/model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "online/model/action_heads.h"
#include "online/model/sender_limit.h"
#include "online/model/session.h"
#include "online/model/vocabulary.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::at_seconds;

Event click(const std::string& session, const std::string& item, std::int64_t seconds) {
  Event event;
  event.session = session;
  event.item = item;
  event.time = at_seconds(seconds);
  return event;
}

struct ModelTest : ::testing::Test {
  Options options = testing::counting_options();
  Model model{options, make_parts(options)};

  std::size_t part(std::string_view name) const {
    const auto names = model.part_names();
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
};

/// A part that learns nothing and remembers whether events opened their sessions.
class Recorder final : public Part, public Scorer {
 public:
  explicit Recorder(std::vector<bool>& opened) : opened_(opened) {}

  std::string_view name() const override { return "recorder"; }
  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 1> kNames{"own"};
    return kNames;
  }
  void ask(const Context&, std::unique_ptr<Query>& query) const override { reuse<Nothing>(query); }

  const Scorer& live() const override { return *this; }
  std::shared_ptr<const Scorer> publish() override { return std::make_shared<Recorder>(opened_); }
  void observe(const Context& before, const Interaction& event) override {
    EXPECT_EQ(event.opens_session, before.session.empty());
    opened_.push_back(event.opens_session);
  }
  void forget_item(ItemIndex) override {}
  void erase(OwnerKey) override {}
  void save(ByteWriter&) const override {}
  Result<void> load(ByteReader&) override { return {}; }
  std::size_t memory_bytes() const override { return 0; }

 private:
  struct Nothing final : Query {
    void propose(std::size_t, const AllowedItems*, std::vector<Candidate>&) override {}
    void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
      for (std::size_t row = 0; row < items.size(); ++row) out.at(row, 0) = 0;
    }
  };

  std::vector<bool>& opened_;
};

TEST(ModelRecycling, AnEventOpensItsSessionIfItsItemReplacesTheOnlyOneThere) {
  std::vector<bool> opened;
  Options options;
  options.max_items = 2;
  std::vector<std::unique_ptr<Part>> parts;
  parts.push_back(std::make_unique<Recorder>(opened));
  Model model(options, std::move(parts));
  model.learn(click("s", "a", 0));
  model.learn(click("t", "b", 1));
  model.learn(click("s", "c", 2));  // takes the number of "a"
  model.learn(click("s", "b", 3));
  EXPECT_EQ(opened, (std::vector<bool>{true, true, true, false}));
}

TEST_F(ModelTest, ScoresEveryClickButTheFirstOfASession) {
  EXPECT_FALSE(model.learn(click("s", "a", 0)).scored);
  EXPECT_TRUE(model.learn(click("s", "b", 1)).scored);
  EXPECT_FALSE(model.learn(click("t", "b", 2)).scored);
  EXPECT_FALSE(model.learn(click("s", "a", 5000)).scored);  // after the pause
}

TEST_F(ModelTest, ATargetNeverSeenBeforeIsAMissOfEveryPart) {
  model.learn(click("s", "a", 0));
  const Model::Outcome& outcome = model.learn(click("s", "b", 1));
  EXPECT_TRUE(outcome.unseen_target);
  ASSERT_EQ(outcome.ranks.size(), model.part_names().size());
  for (const auto& rank : outcome.ranks) EXPECT_FALSE(rank);
  EXPECT_EQ(model.quality(0).events, 1);
  EXPECT_EQ(model.quality(0).hit_rate, 0);
}

TEST_F(ModelTest, RanksWhatItHasLearned) {
  for (const char* session : {"s", "t", "u"}) {
    model.learn(click(session, "a", 0));
    model.learn(click(session, "b", 1));
    model.learn(click(session, "c", 2));
  }
  model.learn(click("v", "a", 3));
  const Model::Outcome& outcome = model.learn(click("v", "b", 4));
  EXPECT_EQ(outcome.ranks[part("covisitation")], 1U);
  EXPECT_EQ(outcome.ranks[part("session_knn")], 1U);
  EXPECT_EQ(outcome.ranks[part("blend")], 1U);
  EXPECT_EQ(outcome.ranks[part("recurrence")], std::nullopt);
}

TEST_F(ModelTest, ARepeatIsNeitherScoredNorLearned) {
  model.learn(click("s", "a", 0));
  model.learn(click("s", "b", 1));
  model.learn(click("s", "b", 2));
  const auto& outcome = model.learn(click("s", "b", 3));
  EXPECT_FALSE(outcome.scored);
  EXPECT_TRUE(model.learn(click("s", "a", 4)).scored);
  EXPECT_EQ(model.quality(0).events, 2);
}

TEST_F(ModelTest, LearnsAnEventIdOnce) {
  Event event = click("s", "a", 0);
  event.id = "e1";
  model.learn(event);
  event.item = "b";
  EXPECT_FALSE(model.learn(event).scored);
  EXPECT_EQ(model.vocabulary().find("b"), kNoItem);
}

TEST_F(ModelTest, TypesOfWeightZeroAndUnknownOnesLeaveNoTrace) {
  Event event = click("s", "shown", 0);
  for (const char* type : {"impression", "refund", "remove-from-cart", "never heard of"}) {
    event.type = type;
    model.learn(event);
    EXPECT_EQ(model.vocabulary().size(), 0U) << type;
  }
  event.type = "addtocart";  // as "cart"
  model.learn(event);
  EXPECT_EQ(model.vocabulary().size(), 1U);
  EXPECT_TRUE(model.learn(click("s", "b", 2)).scored);
}

TEST_F(ModelTest, ALowGradeIsNotLearnedAndLeavesItsSessionAsItIs) {
  options.least_value["rating"] = 3;
  Model graded(options, make_parts(options));
  Event event = click("s", "bad", 0);
  event.type = "rating";
  event.value = 2;
  graded.learn(event);
  EXPECT_EQ(graded.vocabulary().size(), 0U);
  event.item = "good";
  event.value = 3;
  graded.learn(event);
  EXPECT_EQ(graded.vocabulary().size(), 1U);
  EXPECT_TRUE(graded.learn(click("s", "next", 2)).scored);
}

TEST_F(ModelTest, FollowsTheSessionIdWhereThereIsOneElseTheUser) {
  Event event = click("s1", "a", 0);
  event.user = "u";
  model.learn(event);
  event = click("s2", "b", 1);
  event.user = "u";
  EXPECT_FALSE(model.learn(event).scored);
  event = click("", "c", 2);
  event.user = "u";
  EXPECT_FALSE(model.learn(event).scored);
  event = click("", "d", 3);
  event.user = "u";
  EXPECT_TRUE(model.learn(event).scored);
}

TEST_F(ModelTest, EraseLeavesNoTraceOfTheKeys) {
  for (const Event& event : testing::synthetic_stream(5, {.events = 1500})) model.learn(event);
  const auto holds = [&](OwnerKey key) {
    const std::string bytes = testing::saved(model);
    return bytes.find(std::string_view(reinterpret_cast<const char*>(&key), sizeof key)) != std::string::npos;
  };
  const OwnerKey user = IdHash{}.owner(Owner::Kind::user, "user-4");
  const OwnerKey session = IdHash{}.owner(Owner::Kind::session, "session-13");
  ASSERT_TRUE(holds(user));
  ASSERT_TRUE(holds(session));
  Event erase;
  erase.kind = EventKind::erase;
  erase.user = "user-4";
  model.learn(erase);
  erase.user.clear();
  erase.session = "session-13";
  EXPECT_FALSE(model.learn(erase).scored);
  EXPECT_FALSE(holds(user));
  EXPECT_FALSE(holds(session));
}

TEST_F(ModelTest, AUserAndASessionAreTwoAlsoIfTheirIdsCollideWithoutAKey) {
  Model without_key(options, make_parts(options), IdHash::without_key());
  Event event = click("", "a", 0);
  event.user = "p0";
  for (Model* const learner : {&model, &without_key}) learner->learn(event);
  EXPECT_FALSE(model.learn(click("s0", "b", 1)).scored) << "the first of its session";
  EXPECT_TRUE(without_key.learn(click("s0", "b", 1)).scored) << "the session is taken for the user's";
}

/// A saved state in a format of before, made of today's.
struct OldState {
  std::string with_timeline;     // format 2
  std::string without_timeline;  // format 1, of 0.1.0

  /// The saved state but for its end: the sender limit, who has seen the items, those that only the catalogue names, and
  /// actions.
  /// REQUIRES: no event has had a sender, and there are neither a catalogue nor actions
  static std::string without_senders(const Model& model) {
    std::string of_nobody;
    ByteWriter out(of_nobody);
    SenderLimit limit({});
    if (model.events_learned() > 0) limit.admits({}, {}, "a", 1, at_seconds(0), 1);
    limit.save(out);
    Vocabulary items(model.vocabulary().size() + 1);
    for (std::size_t i = 0; i < model.vocabulary().size(); ++i) items.observe(std::to_string(i), at_seconds(0));
    items.save_order(out);
    ActionHeads({.actions = {}}, 1, 1).save(out);
    const std::string today = testing::saved(model);
    return today.substr(0, today.size() - of_nobody.size());
  }

  /// REQUIRES: `model` has no key
  explicit OldState(const Model& model) {
    const std::string today = without_senders(model);
    ByteReader in(today);
    in.varint();               // the format
    in.string();               // the fingerprint
    in.fixed<std::int64_t>();  // stream time
    const std::size_t timeline = today.size() - in.remaining();
    Timeline{}.load(in);
    const std::size_t ids = today.size() - in.remaining();
    with_timeline = "\2" + today.substr(1, ids - 1) + today.substr(ids + 1);
    without_timeline = "\1" + today.substr(1, timeline - 1) + today.substr(ids + 1);
  }
};

TEST_F(ModelTest, StatesOfBeforeKeepTheirHashes) {
  options.blender.actions.clear();
  Model old(options, make_parts(options), IdHash::without_key());
  const auto events = testing::synthetic_stream(5, {.events = 1500});
  for (const Event& event : events) old.learn(event);
  const OldState states(old);
  const std::string but_for_senders = OldState::without_senders(old);
  for (const std::string* const state : {&states.with_timeline, &states.without_timeline}) {
    Model loaded(options, make_parts(options), IdHash::random());
    ByteReader in(*state);
    ASSERT_TRUE(loaded.load(in));
    EXPECT_EQ(loaded.publish({})->ids, IdHash::without_key());
    EXPECT_EQ(testing::saved(loaded).substr(0, but_for_senders.size()), but_for_senders);
    EXPECT_FALSE(loaded.learn(events.back()).scored) << "its id is known";
  }
}

TEST_F(ModelTest, AStateOfBeforeThereWereActionsIsReadAndLearnsThemFromThenOn) {
  for (int n = 0; n < 50; ++n) model.learn(click(testing::numbered("s", n), testing::numbered("i", n), n));
  std::string of_none;
  ByteWriter out(of_none);
  ActionHeads(options.blender, model.publish({})->blender->inputs, options.seed).save(out);
  const std::string today = testing::saved(model);
  ASSERT_TRUE(today.ends_with(of_none)) << "no session has come to a second item";
  const std::string before = "\4" + today.substr(1, today.size() - of_none.size() - 1);
  Model loaded(options, make_parts(options));
  ByteReader in(before);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_EQ(testing::saved(loaded), today);
  for (const Event& event : testing::synthetic_stream(5, {.events = 300})) loaded.learn(event);
  EXPECT_GT(loaded.publish({})->actions->rates.front(), 0);
}

TEST_F(ModelTest, KeepsItsKeyWhenItIsSaved) {
  const IdHash ids = IdHash::random();
  Model first(options, make_parts(options), ids);
  first.learn(click("s", "a", 0));
  const std::string bytes = testing::saved(first);
  ByteReader in(bytes);
  ASSERT_TRUE(model.load(in));
  EXPECT_EQ(model.publish({})->ids, ids);
  EXPECT_TRUE(model.learn(click("s", "b", 1)).scored) << "the session is known";
}

TEST_F(ModelTest, AnEventBeyondTheLimitOfItsSenderIsScoredForEvaluationsOnly) {
  Model other(options, make_parts(options));
  const auto learn = [&](const std::string& session, std::int64_t second) {
    Event event = click(session, "pushed", second);
    event.sender = "key/client";
    EXPECT_FALSE(model.learn(click(session, "first", second - 1)).scored);
    other.learn(click(session, "first", second - 1));
    const bool also = other.learn(event, Model::Scores::learned).scored;
    EXPECT_EQ(also, other.events_limited() == 0);
    return model.learn(event).scored;
  };
  // In a catalogue of a few items much is allowed.
  for (int i = 0; i < 60; ++i) {
    const Event event = click("other", "item-" + std::to_string(i), 1);
    model.learn(event);
    other.learn(event);
  }
  for (int i = 0; other.events_limited() == 0; ++i) {
    ASSERT_LT(i, 1000);
    ASSERT_TRUE(learn("s" + std::to_string(i), 2 + 2 * (i % 100)));
  }
  EXPECT_EQ(model.events_limited(), 1U);
  EXPECT_EQ(testing::saved(other), testing::saved(model)) << "it teaches nothing either way";
}

TEST_F(ModelTest, AnEventWithoutConsentTeachesNothing) {
  model.learn(click("s", "a", 1));
  Event withheld = click("s", "b", 2);
  withheld.consent = false;
  EXPECT_FALSE(model.learn(withheld).scored);
  EXPECT_EQ(model.vocabulary().find("b"), kNoItem);
  EXPECT_EQ(model.stream_time(), at_seconds(1));
}

TEST_F(ModelTest, StreamTimeIsTheNewestEventTime) {
  model.learn(click("s", "a", 100));
  model.learn(click("s", "b", 50));
  EXPECT_EQ(model.stream_time(), at_seconds(100));
  EXPECT_EQ(model.events_learned(), 2U);
}

TEST_F(ModelTest, AClockThatRanAheadForAnHourChangesNothingForTheItemsOfOthers) {
  constexpr std::int64_t kYear = 366 * 24 * 3600;
  std::int64_t second = 0;
  const auto visit = [&](const std::string& item, std::int64_t ahead) {
    const std::string session = std::to_string(second);
    model.learn(click(session, "start", second + ahead));
    model.learn(click(session, item, second + 1 + ahead));
    second += 60;
  };
  for (int i = 0; i < 60; ++i) visit("liked", 0);
  for (int i = 0; i < 60; ++i) visit("ahead", i % 3 == 0 ? 0 : kYear);
  for (int hour = 0; hour < 48; ++hour) {
    visit("liked", 0);
    second += 3600;
  }
  const Scorer& popularity = *model.publish({})->parts[part("popularity")];
  const auto top = testing::propose(popularity, testing::context_of({}, second), 3);
  ASSERT_EQ(top.size(), 3U);
  EXPECT_EQ(top[1].item, model.vocabulary().find("liked")) << "after \"start\"";
  EXPECT_GT(top[1].score, top[2].score + 3) << "eight times as popular as what was visited two days ago";
  EXPECT_GT(top[2].score, -20) << "and that is not forgotten";
}

TEST_F(ModelTest, PublishesItsPartsAndBlenderWithRisingVersions) {
  model.learn(click("s", "a", 100));
  const auto first = model.publish(at_seconds(200));
  const auto second = model.publish(at_seconds(201));
  EXPECT_GT(second->version, first->version);
  EXPECT_EQ(first->published, at_seconds(200));
  EXPECT_EQ(first->stream_time, at_seconds(100));
  ASSERT_EQ(first->parts.size() + 1, model.part_names().size());
  EXPECT_EQ(first->parts[0]->name(), model.part_names()[0]);
}

TEST_F(ModelTest, RefusesAStateMadeWithOtherOptions) {
  const std::string bytes = testing::saved(model);
  Options other = options;
  other.part<CovisitationOptions>().half_life_hours = {5, 50};
  Model second(other, make_parts(other));
  ByteReader in(bytes);
  const auto loaded = second.load(in);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Errc::invalid);
}

TEST(ModelLearning, AnIdBelongsToTheKeyThatSentIt) {
  const Options options = testing::counting_options();
  Model model(options, make_parts(options));
  Event event;
  event.user = "u";
  event.id = "id";
  for (const auto& [sender, item] : {std::pair{"shop/1", "a"}, {"other/1", "b"}, {"shop/2", "c"}}) {
    event.sender = sender;
    event.item = item;
    model.learn(event);
  }
  EXPECT_NE(model.vocabulary().find("a"), kNoItem);
  EXPECT_NE(model.vocabulary().find("b"), kNoItem);
  EXPECT_EQ(model.vocabulary().find("c"), kNoItem);
}

// Senders choose what times their events have.
TEST(ModelLearning, TimesOfEventsNeitherEndNorStopTheWindowsOfTheSenderLimit) {
  Options options = testing::counting_options();
  options.sender_limit = {.share = 0.05, .least = 10, .window = std::chrono::hours(1)};
  Model model(options, make_parts(options));
  Timestamp arrival = timestamp_from_ms(1'700'000'000'000);
  const auto send = [&](const std::string& sender, const std::string& item, std::chrono::hours ahead) {
    Event event;
    event.sender = sender;
    event.item = item;
    event.session = sender + item;
    event.time = arrival + ahead;
    const std::uint64_t limited = model.events_limited();
    model.learn(event, arrival);
    return model.events_limited() == limited ? 1 : 0;
  };
  const auto push = [&](std::uint64_t events, std::chrono::hours other) {
    int learned = 0;
    for (std::uint64_t i = 0; i < events; ++i) {
      learned += send("mallory/1", "pushed", {});
      send("mallory/1", testing::numbered("other-", i), other);
    }
    return learned;
  };
  for (std::uint64_t i = 0; i < 1000; ++i) send("shop/backend", testing::numbered("item-", i), {});
  arrival += std::chrono::hours(1);
  EXPECT_LE(push(200, std::chrono::hours(-5)) + push(200, std::chrono::hours(20)), 2 * 0.05 * 820);
  arrival += std::chrono::hours(2);
  EXPECT_EQ(push(10, {}), 10);
}

TEST(ModelBounds, MemoryStaysWithinTheLimitsOfTheOptions) {
  Options options = testing::counting_options();
  options.max_items = 100;
  options.max_open_sessions = 10;
  options.dedupe_ids = 50;
  options.part<SessionKnnOptions>().max_sessions = 20;
  options.part<CovisitationOptions>().max_neighbors = 5;
  const auto total = [](const Model& model) {
    std::size_t bytes = 0;
    for (const auto& [part, count] : model.memory_bytes()) bytes += count;
    return bytes;
  };
  Model model(options, make_parts(options));
  const auto events = testing::synthetic_stream(6, {.events = 20'000, .items = 1000, .sessions = 200});
  std::size_t early = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    model.learn(events[i]);
    if (i == events.size() / 4) early = total(model);
    ASSERT_LE(model.vocabulary().size(), options.max_items);
  }
  EXPECT_LE(total(model), early + early / 10);
}

TEST_F(ModelTest, WithoutPartsItScoresTheSameEvents) {
  Model follower(options, {});
  std::size_t scored = 0;
  for (const Event& event : testing::synthetic_stream(5, {.events = 500})) {
    const Model::Outcome& expected = model.learn(event);
    const Model::Outcome& actual = follower.learn(event);
    ASSERT_EQ(actual.scored, expected.scored);
    ASSERT_EQ(actual.unseen_target, expected.unseen_target);
    scored += actual.scored ? 1 : 0;
  }
  EXPECT_GT(scored, 100U);
}

}  // namespace
}  // namespace freshet::online

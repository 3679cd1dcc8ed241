// SPDX-License-Identifier: Apache-2.0
#include "online/model/action_heads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "online/model/model.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::at_seconds;
using testing::numbered;
using Names = std::vector<std::string>;

/// A model, and sessions that send it events.
struct Shop {
  Options options = testing::counting_options();
  std::unique_ptr<Model> model = std::make_unique<Model>(options, make_parts(options));
  Random random{testing::test_seed(31)};
  std::int64_t now = 0;

  const Model::Outcome& send(const std::string& session, const std::string& item, const std::string& type = "view",
                             float value = 1) {
    Event event;
    event.session = session;
    event.item = item;
    event.type = type;
    event.value = value;
    event.time = at_seconds(now += 10);
    return model->learn(event);
  }

  /// Sessions go from the hub to one of three shiny things, or, seldom, to one of three solid ones, which are bought.
  void live(int sessions) {
    for (int s = 0; s < sessions; ++s) {
      const bool solid = random.uniform() < 0.25;
      const std::string session = numbered("s", static_cast<std::uint64_t>(now));
      const std::string item = numbered(solid ? "solid-" : "shiny-", random.below(3));
      send(session, "hub");
      send(session, item);
      if (random.uniform() < (solid ? 0.8 : 0.02)) send(session, item, "purchase");
      if (!solid && random.uniform() < 0.5) send(session, item, "dislike");
    }
  }

  /// The items after the hub, best first.
  Names order(const Values& values) const {
    const auto snapshot = model->publish({});
    std::vector<const Scorer*> scorers;
    for (const auto& part : snapshot->parts) scorers.push_back(part.get());
    Context context;
    context.now = at_seconds(now);
    context.session = {{model->vocabulary().find("hub"), context.now}};
    Ranking ranking;
    ask(scorers, context, ranking);
    propose(scorers, 20, nullptr, ranking);
    extract_features(scorers, ranking);
    const Worths worths(*snapshot->actions, values);
    if (worths.heads.empty()) {
      blend(*snapshot->blender, ranking);
    } else {
      blend_by_value(*snapshot->blender, *snapshot->actions, worths, std::nullopt, ranking);
    }
    Names names;
    for (const std::size_t row : top_k(ranking, 20)) names.push_back(model->vocabulary().name(ranking.items[row]));
    return names;
  }

  double rate(std::string_view action) const {
    const auto actions = model->publish({})->actions;
    return actions->rates[actions->find(action).value()];
  }
};

bool first_three_are(const Names& names, std::string_view kind) {
  return names.size() == 6 && std::ranges::all_of(names.begin(), names.begin() + 3,
                                                  [&](const std::string& name) { return name.starts_with(kind); });
}

TEST(ActionHeads, EachActionHasAnOrderOfItsOwnAndValuesNeedNoTraining) {
  Shop shop;
  shop.live(3000);
  EXPECT_TRUE(first_three_are(shop.order({}), "shiny"));
  EXPECT_TRUE(first_three_are(shop.order({{"view", 1}}), "shiny"));
  EXPECT_TRUE(first_three_are(shop.order({{"purchase", 1}}), "solid"));
  EXPECT_TRUE(first_three_are(shop.order({{"view", 1}, {"purchase", 20}}), "solid"));
  EXPECT_TRUE(first_three_are(shop.order({{"view", 20}, {"purchase", 1}}), "shiny"));
  EXPECT_TRUE(first_three_are(shop.order({{"view", 1}, {"dislike", -5}}), "solid")) << "of weight 0, but with a head";
  EXPECT_NEAR(shop.rate("purchase"), 0.25 * 0.8 + 0.75 * 0.02, 0.03);
  EXPECT_NEAR(shop.rate("dislike"), 0.75 * 0.5, 0.04);
  EXPECT_EQ(shop.order({{"like", 1}}), shop.order({})) << "what has never happened has no order";
}

TEST(ActionHeads, TheBlendIsWhatItWouldBeWithoutActions) {
  Shop with, without;
  without.options.blender.actions.clear();
  without.model = std::make_unique<Model>(without.options, make_parts(without.options));
  with.live(300);
  without.live(300);
  EXPECT_EQ(with.order({}), without.order({}));
  EXPECT_EQ(with.model->publish({})->blender->w1, without.model->publish({})->blender->w1);
}

TEST(ActionHeads, AnActionCountsOncePerListAndOnlyForTheItemThatTheSessionIsAt) {
  Shop shop;
  for (const char* item : {"hub", "a", "b"}) shop.send("first", item);  // so that there are candidates
  for (const char* item : {"hub", "a"}) shop.send("second", item);
  ASSERT_EQ(shop.rate("purchase"), 0);
  shop.send("second", "b", "dislike");  // not where it is
  shop.send("nobody", "a", "dislike");
  EXPECT_EQ(shop.rate("dislike"), 0);
  shop.send("second", "a", "purchase");
  const double once = shop.rate("purchase");
  EXPECT_GT(once, 0);
  shop.send("second", "a", "purchase");
  EXPECT_EQ(shop.rate("purchase"), once);
  shop.now += 7200;  // the session is over
  shop.send("second", "a", "dislike");
  EXPECT_EQ(shop.rate("dislike"), 0);
}

TEST(ActionHeads, OfDwellTheExpectedValueIsLearned) {
  Shop shop;
  for (int s = 0; s < 400; ++s) {
    const std::string session = numbered("s", static_cast<std::uint64_t>(s));
    const bool is_long = s % 4 == 0;
    shop.send(session, "hub");
    const std::string item = is_long ? "solid" : "shiny";
    shop.send(session, item);
    shop.send(session, item, "dwell", is_long ? 200 : 4);
  }
  EXPECT_NEAR(shop.rate("dwell"), 0.25 * 200 + 0.75 * 4, 6);
  EXPECT_EQ(shop.order({}).front(), "shiny");
  EXPECT_EQ(shop.order({{"dwell", 1}}).front(), "solid");
}

TEST(ActionHeads, AnErasedSessionLeavesNoList) {
  Shop shop;
  for (const char* item : {"hub", "a", "b"}) shop.send("first", item);
  for (const char* item : {"hub", "a"}) shop.send("second", item);
  Event erase;
  erase.kind = EventKind::erase;
  erase.session = "second";
  shop.model->learn(erase);
  shop.send("second", "a", "dislike");
  EXPECT_EQ(shop.rate("dislike"), 0);
}

TEST(ActionHeads, ActionsMayComeAndGoWithoutLosingTheModel) {
  Shop shop;
  shop.live(2000);
  const std::string bytes = testing::saved(*shop.model);
  Shop other;
  other.now = shop.now;
  other.options.blender.actions = {"like", "purchase"};
  other.model = std::make_unique<Model>(other.options, make_parts(other.options));
  ByteReader in(bytes);
  ASSERT_TRUE(other.model->load(in));
  EXPECT_TRUE(first_three_are(other.order({{"purchase", 1}}), "solid"));
  EXPECT_EQ(other.rate("purchase"), shop.rate("purchase"));
  other.live(50);
  EXPECT_EQ(other.rate("like"), 0);
}

TEST(ActionHeads, FeaturesThatComeLaterChangeNoOrder) {
  ActionHeads heads({.actions = {"purchase"}, .remembered_lists = 8}, 3, 1);
  const std::array<std::size_t, 1> own{0};
  Blender blender(3, own, {}, 1);
  Random random(3);
  std::vector<float> scores(4);
  const auto round = [&](std::size_t inputs) {
    std::vector<float> rows(4 * inputs);
    for (float& x : rows) x = static_cast<float>(random.uniform() * 2 - 1);
    blender.weights().score(rows, scores);
    blender.learn(rows, scores, 1, 1);
    heads.remember({OwnerKey{5}, OwnerKey{6}, 7, at_seconds(1)}, blender, rows, 1);
    heads.act(0, {OwnerKey{5}, OwnerKey{6}, 7, at_seconds(2)}, 1, std::chrono::seconds(60), blender.weights());
    return rows;
  };
  for (int i = 0; i < 20; ++i) round(3);
  const ActionWeights before = heads.weights();
  heads.insert(1, 2);
  blender.insert(1, 2);
  const ActionWeights& after = heads.weights();
  EXPECT_EQ(after.inputs, 5U);
  EXPECT_EQ(after.linear[0], before.linear[0]);
  EXPECT_EQ(after.linear[1], 0);
  EXPECT_EQ(after.linear[3], before.linear[1]);
  EXPECT_EQ(after.w2, before.w2);
  round(5);
  EXPECT_NE(after.linear[1], 0) << "and they learn on";
}

TEST(ActionHeads, IsNotSpoiledByFeaturesThatAreNotFinite) {
  ActionHeads heads({.actions = {"purchase"}, .remembered_lists = 8}, 2, 1);
  const std::array<std::size_t, 1> own{0};
  Blender blender(2, own, {}, 1);
  for (const float nonsense : {NAN, INFINITY, -INFINITY}) {
    const std::vector<float> rows{0.5F, nonsense, 1, 0, 0, 1};
    std::vector<float> scores(3);
    blender.weights().score(rows, scores);
    blender.learn(rows, scores, 1, 1);
    heads.remember({OwnerKey{5}, OwnerKey{6}, 7, at_seconds(1)}, blender, rows, 1);
    heads.act(0, {OwnerKey{5}, OwnerKey{6}, 7, at_seconds(2)}, 1, std::chrono::seconds(60), blender.weights());
  }
  for (const float weight : heads.weights().linear) EXPECT_TRUE(std::isfinite(weight));
  for (const double rate : heads.weights().rates) EXPECT_TRUE(std::isfinite(rate));
}

}  // namespace
}  // namespace freshet::online

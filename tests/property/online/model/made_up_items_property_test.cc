// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "online/model/model.h"
#include "tests/support/light_parts.h"
#include "tests/support/part_driver.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::online {
namespace {

using testing::numbered;

constexpr std::size_t kMaxItems = 1000, kItems = 150, kFlood = 5 * kMaxItems;

std::unique_ptr<Model> make_model() {
  Options options = testing::counting_options();
  options.max_items = kMaxItems;
  return std::make_unique<Model>(options, make_parts(options));
}

/// Some 17 hours of a shop whose back end sends everything.
std::vector<Event> shop(std::uint64_t seed) {
  auto events = testing::synthetic_stream(seed, {.events = 6000, .items = kItems});
  for (Event& event : events) event.sender = "shop/backend";
  return events;
}

Event view(const Event& after, const std::string& sender, const std::string& item) {
  Event event;
  event.user = event.session = "made-up of " + item;
  event.item = item;
  event.time = after.time;
  event.sender = sender;
  return event;
}

/// Made-up items, each by `times` made-up sessions, within minutes of `after`.
std::vector<Event> flood(const Event& after, const std::string& sender, std::size_t names = kFlood,
                         std::size_t times = 2) {
  std::vector<Event> events;
  for (std::uint64_t n = 0; n < names * times; ++n) {
    Event event;
    event.user = event.session = numbered("made-up-", n);
    event.item = numbered("made-up-", n / times);
    event.time = after.time + std::chrono::milliseconds(n / 50);
    event.sender = sender;
    events.push_back(std::move(event));
  }
  return events;
}

std::vector<std::string> best_after(const Model& model, Snapshot& snapshot, const std::string& item, Timestamp now) {
  std::vector<const Scorer*> scorers;
  for (const auto& part : snapshot.parts) scorers.push_back(part.get());
  Context context;
  context.now = snapshot.timeline.of(now);
  context.session.push_back({model.vocabulary().find(item), context.now});
  Ranking ranking;
  ask(scorers, context, ranking);
  propose(scorers, 50, nullptr, ranking);
  extract_features(scorers, ranking);
  blend(*snapshot.blender, ranking);
  std::vector<std::string> best;
  for (const std::size_t row : top_k(ranking, 10)) best.push_back(model.vocabulary().name(ranking.items[row]));
  return best;
}

/// Share of the items in lists of `one` that are in those of `other`, too.
double agreement(Model& one, Model& other, Timestamp now) {
  const auto first = std::make_shared<Snapshot>(*one.publish({})),
             second = std::make_shared<Snapshot>(*other.publish({}));
  std::size_t same = 0, all = 0;
  for (std::uint64_t item = 0; item < kItems; ++item) {
    const auto of_one = best_after(one, *first, numbered("item-", item), now);
    const auto of_other = best_after(other, *second, numbered("item-", item), now);
    const std::set<std::string> among(of_other.begin(), of_other.end());
    for (const std::string& name : of_one) same += among.contains(name) ? 1 : 0;
    all += of_one.size();
  }
  return static_cast<double>(same) / static_cast<double>(all);
}

std::size_t missing(const Model& model, const std::set<std::string>& names) {
  return static_cast<std::size_t>(
      std::ranges::count_if(names, [&](const std::string& name) { return model.vocabulary().find(name) == kNoItem; }));
}

struct Attack {
  const char* name;
  std::size_t at;  ///< after so many events of the shop
  const char* sender;
  double agreement = 0.9;  ///< of the lists with those without the attack, at least
  bool touches = false;    ///< sees each item of the shop first, as if to have it
};

class MadeUpItems : public ::testing::TestWithParam<Attack> {};

TEST_P(MadeUpItems, PushOutNoneOfTheShop) {
  const auto [name, at, sender, least, touches] = GetParam();
  const auto events = shop(testing::test_seed(301));
  const auto model = make_model(), undisturbed = make_model();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i == at) {
      for (const std::string& item : seen) {
        if (touches) model->learn(view(events[i], sender, item));
      }
      for (const Event& event : flood(events[i], sender)) model->learn(event);
      EXPECT_EQ(missing(*model, seen), 0U) << "after the flood";
    }
    if (model->learn(events[i]).scored) seen.insert(events[i].item);
    undisturbed->learn(events[i]);
  }
  EXPECT_EQ(missing(*model, seen), 0U);
  EXPECT_LE(model->vocabulary().size(), kMaxItems);
  EXPECT_GE(agreement(*model, *undisturbed, events.back().time), least);
}

// The blender of a model that has seen 200 events learns from those of a flood, too. A client of the key that everybody
// shares is told apart once the parts are known.
INSTANTIATE_TEST_SUITE_P(Attacks, MadeUpItems,
                         ::testing::Values(Attack{"in_the_first_hour", 200, "mallory/1", 0.7},
                                           Attack{"in_the_third_hour", 1000, "mallory/1"},
                                           Attack{"touching_all_first", 1000, "mallory/1", 0.85, true},
                                           Attack{"later", 4500, "mallory/1"}, Attack{"at_the_end", 5999, "mallory/1"},
                                           Attack{"by_a_client_of_the_key", 4500, "shop/mallory"}),
                         [](const auto& attack) { return attack.param.name; });

TEST(MadeUpItemsOfManyHours, PushOutNoneOfTheShop) {
  const auto events = shop(testing::test_seed(302));
  const auto model = make_model();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (model->learn(events[i]).scored) seen.insert(events[i].item);
    if (i % 100 > 0) continue;
    for (Event& event : flood(events[i], numbered("mallory/", i), 500)) {
      event.item += numbered(" of ", i);
      model->learn(event);
    }
    ASSERT_EQ(missing(*model, seen), 0U) << i;
  }
}

/// Hours of a news site: stories come and go, more of them than the vocabulary holds.
std::vector<Event> news(std::size_t stories, const std::string& sender) {
  constexpr std::size_t kVisits = 4, kAlive = 20;
  std::vector<Event> events;
  for (std::size_t n = 0; n < stories * kVisits; ++n) {
    Event event;
    event.user = numbered("reader-", n % 37);
    event.item = numbered("story-", n / kVisits + n * 7 % kAlive);
    event.time = testing::at_seconds(static_cast<std::int64_t>(n) * 10);
    event.sender = sender;
    events.push_back(std::move(event));
  }
  return events;
}

TEST(MadeUpItemsOfManyHours, ANewsSiteStillGetsItsStoriesIn) {
  constexpr std::size_t kStories = 3 * kMaxItems;
  const auto events = news(kStories, "site/backend");
  const auto model = make_model();
  for (std::size_t i = 0; i < events.size(); ++i) {
    model->learn(events[i]);
    ASSERT_NE(model->vocabulary().find(events[i].item), kNoItem) << i;
    if (i % 1000 != 500) continue;
    for (const Event& event : flood(events[i], "mallory/1", kFlood, 1)) model->learn(event);
  }
  std::size_t known = 0;
  for (std::size_t n = 0; n < kMaxItems; ++n) {
    known += model->vocabulary().find(numbered("story-", kStories - n)) != kNoItem ? 1 : 0;
  }
  EXPECT_GE(known, 3 * kMaxItems / 4) << "of the newest that would fit without the flood";
}

TEST(MadeUpItemsOfManyHours, AreRefusedTheSameAfterSaveAndLoad) {
  const auto events = shop(testing::test_seed(303));
  Random random(testing::test_seed(304));
  std::vector<Event> all;
  for (std::size_t i = 0; i < events.size(); ++i) {
    all.push_back(events[i]);
    if (i % 8 == 0) all.back().sender = random.below(2) == 0 ? "" : numbered("app/", random.below(3));
    if (i % 1000 != 500) continue;
    for (Event& event : flood(events[i], i % 2000 == 500 ? "mallory/1" : "shop/mallory", kMaxItems, 1)) {
      all.push_back(std::move(event));
    }
  }
  auto whole = make_model(), cut = make_model();
  const std::size_t at = random.below(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == at) {
      const std::string bytes = testing::saved(*cut);
      cut = make_model();
      ByteReader in(bytes);
      ASSERT_TRUE(cut->load(in));
      ASSERT_TRUE(testing::saved(*cut) == bytes);
    }
    whole->learn(all[i]);
    cut->learn(all[i]);
  }
  EXPECT_TRUE(testing::saved(*cut) == testing::saved(*whole)) << "cut at " << at;
}

}  // namespace
}  // namespace freshet::online

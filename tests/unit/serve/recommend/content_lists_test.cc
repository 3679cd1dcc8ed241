// SPDX-License-Identifier: Apache-2.0
// Lists with the part content: its share in the order, and exploration.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/random.h"
#include "online/parts/content/content.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

using Names = std::vector<std::string>;

online::Options options_with_content() {
  static constexpr std::array kKinds{&online::kPopularity, &online::kCovisitation, &online::kContent};
  return testing::with_every_part(kKinds);
}

/// Shirts and pans, which nobody has clicked but shirt-0, and hits, which people go to from there and nobody has described.
class ContentListsTest : public ::testing::Test {
 protected:
  static constexpr int kShirts = 100;

  ContentListsTest() {
    fixture_.online = options_with_content();
    fixture_.model =
        std::make_unique<online::Model>(fixture_.online, online::make_parts(fixture_.online), fixture_.ids);
    for (int n = 0; n < kShirts; ++n) put("shirt-" + std::to_string(n), "blue cotton shirt " + std::to_string(n % 10));
    for (int n = 0; n < 30; ++n) put("pan-" + std::to_string(n), "steel pan for the stove");
    for (int n = 0; n < 60; ++n) {
      click("u" + std::to_string(n), "shirt-0");
      click("u" + std::to_string(n), "hit-" + std::to_string(mix64(n) % 12));
    }
    fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  }

  void put(const std::string& name, const std::string& title) {
    Item item;
    item.item = name;
    item.title = title;
    fixture_.learn(testing::item_record({0, offset_++}, testing::put_of(item)));
  }
  void click(const std::string& user, const std::string& item) {
    fixture_.learn(testing::user_event(offset_, user, item, 1'700'001'000'000 + offset_));
    ++offset_;
  }

  static ListRequest request_after(const Recommender& recommender, const std::string& item, std::size_t k) {
    ListRequest request;
    request.context = recommender.context_of({item});
    request.k = k;
    return request;
  }
  static Names names_of(const List& list) {
    Names names;
    for (const List::Entry& entry : list.items) names.push_back(entry.item);
    return names;
  }
  static bool all_begin(const List& list, std::string_view prefix) {
    return std::ranges::all_of(list.items, [&](const auto& entry) { return entry.item.starts_with(prefix); });
  }

  testing::ServiceFixture fixture_;
  std::int64_t offset_ = 1000;
};

TEST_F(ContentListsTest, TheShareOfContentGoesFromNothingToEverything) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "shirt-0", 10);
  request.explain = true;
  EXPECT_EQ(recommender.recommend(request).source, "blend");

  request.content = 0;
  const List without = recommender.recommend(request);
  EXPECT_EQ(without.source, "blend");
  EXPECT_TRUE(all_begin(without, "hit-"));
  EXPECT_EQ(std::ranges::count(without.parts, "content"), 0);

  request.content = 1;
  const List alone = recommender.recommend(request);
  EXPECT_EQ(alone.source, "content");
  EXPECT_TRUE(all_begin(alone, "shirt-"));
  for (const List::Entry& entry : alone.items) {
    EXPECT_TRUE(std::ranges::count(entry.parts, "content", [](const auto& part) { return part.first; }) == 1)
        << entry.item;
  }

  request.content = 0.5;
  const List half = recommender.recommend(request);
  EXPECT_EQ(half.source, "blend+content");
  EXPECT_FALSE(all_begin(half, "hit-"));
  EXPECT_FALSE(all_begin(half, "shirt-"));
  EXPECT_TRUE(std::ranges::is_sorted(half.items, std::ranges::greater(), &List::Entry::score));
}

TEST_F(ContentListsTest, ASelectionThatIsRankedWholeKnowsTheShareToo) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "shirt-0", 200);
  request.only = *recommender.selection("item STARTS WITH hit OR title CONTAINS shirt");
  request.content = 0;
  const List without = recommender.recommend(request);
  EXPECT_EQ(std::ranges::count(without.parts, "content"), 0);
  EXPECT_TRUE(without.items.front().item.starts_with("hit-"));
  request.content = 1;
  EXPECT_TRUE(recommender.recommend(request).items.front().item.starts_with("shirt-"));
}

TEST_F(ContentListsTest, CandidatesOfTheCallerAreRankedWithTheShareToo) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  const online::Context context = recommender.context_of({"shirt-0"});
  const Names candidates{"pan-1", "hit-0", "shirt-1", "unknown"};
  const List without = recommender.rank(context, candidates, 0.0);
  EXPECT_EQ(without.items.front().item, "hit-0");
  EXPECT_EQ(without.parts, (Names{"popularity", "covisitation"}));
  const List alone = recommender.rank(context, candidates, 1.0);
  EXPECT_EQ(names_of(alone), (Names{"shirt-1", "pan-1", "hit-0", "unknown"}));
  EXPECT_EQ(alone.source, "content");
}

TEST_F(ContentListsTest, WhereContentKnowsNothingItsShareChangesNothing) {
  const Services services = fixture_.services();
  const Recommender recommender(services);
  ListRequest request = request_after(recommender, "hit-0", 10);
  const Names as_learned = names_of(recommender.recommend(request));
  for (const double share : {0.3, 1.0}) {
    request.content = share;
    const List list = recommender.recommend(request);
    EXPECT_EQ(names_of(list), as_learned);
    EXPECT_EQ(list.source, "blend");
  }
}

TEST(ContentLists, WithoutACatalogueTheShareChangesNothing) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.context = recommender.context_of({"a"});
  const List as_learned = recommender.recommend(request);
  for (const double share : {0.0, 0.3, 1.0}) {
    request.content = share;
    const List list = recommender.recommend(request);
    ASSERT_EQ(list.items.size(), as_learned.items.size());
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      EXPECT_EQ(list.items[i].item, as_learned.items[i].item);
      EXPECT_EQ(list.items[i].score, as_learned.items[i].score);
    }
    EXPECT_EQ(list.source, "blend");
  }
}

constexpr double kShare = 0.4;
constexpr int kLists = 4000;

class ExplorationTest : public ContentListsTest {
 protected:
  /// How many lists of `k` items had which item by chance, and at which place.
  struct Found {
    std::map<std::string, int> items;
    std::map<std::size_t, int> places;
    std::map<std::string, double> propensities;
    int lists = 0;
  };
  Found explore(const ListRequest& request, const Recommender& recommender) {
    ListRequest plain = request;
    plain.explores = false;
    const Names ranked = names_of(recommender.recommend(plain));
    Found found;
    for (int n = 0; n < kLists; ++n) {
      const List list = recommender.recommend(request);
      Names names = names_of(list);
      EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), request.k);
      const auto by_chance = [](const List::Entry& entry) { return entry.propensity.has_value(); };
      const auto entry = std::ranges::find_if(list.items, by_chance);
      if (entry == list.items.end()) {
        EXPECT_EQ(names, ranked);
        continue;
      }
      EXPECT_EQ(std::ranges::count_if(list.items, by_chance), 1);
      const auto place = entry - list.items.begin();
      ++found.lists;
      ++found.items[entry->item];
      ++found.places[static_cast<std::size_t>(place) + 1];
      found.propensities[entry->item] = *entry->propensity;
      EXPECT_EQ(std::ranges::count(ranked, entry->item), 0);
      names.erase(names.begin() + place);
      names.push_back(ranked.back());
      EXPECT_EQ(names, ranked) << "the others are in order, and the last one has gone";
      if (HasFailure()) break;
    }
    return found;
  }

  ExplorationOptions options(double share = kShare) {
    return {share, [this] { return random_.next(); }};
  }

  Random random_{11};
};

TEST_F(ExplorationTest, AShareOfTheListsHasOneFittingItemByChance) {
  const Services services = fixture_.services();
  const Recommender recommender(services, options());
  ListRequest request = request_after(recommender, "pan-0", 8);
  request.explores = true;
  const Found found = explore(request, recommender);
  EXPECT_NEAR(found.lists, kShare * kLists, 4 * std::sqrt(kLists * kShare));
  double sum = 0;
  for (const auto& [item, propensity] : found.propensities) {
    sum += propensity;
    EXPECT_TRUE(item.starts_with("pan-")) << "the most fitting are pans: " << item;
    EXPECT_NEAR(found.items.at(item), propensity * kLists, 4 * std::sqrt(propensity * kLists)) << item;
  }
  EXPECT_NEAR(sum, kShare, 1e-9) << "every item that could have come has come";
  EXPECT_LE(found.items.size(), fixture_.online.blender.candidates_per_part / 4 + 1);
  EXPECT_EQ(found.places.begin()->first, Exploration::kFirstPlace);
  EXPECT_EQ(found.places.rbegin()->first, request.k);
  for (const auto& [place, lists] : found.places) EXPECT_NEAR(lists, found.lists / 5.0, found.lists / 20.0) << place;
  const std::string metrics = fixture_.metrics.render();
  EXPECT_NE(metrics.find("freshet_serve_explored_items_total " + std::to_string(found.lists) + "\n"),
            std::string::npos);
}

TEST_F(ExplorationTest, WhatTheFiltersRefuseDoesNotComeByChance) {
  const Services services = fixture_.services();
  const Recommender recommender(services, options());
  ListRequest request = request_after(recommender, "pan-0", 4);
  request.explores = true;
  const Found all = explore(request, recommender);
  ASSERT_GT(all.items.size(), 2U);
  const std::string gone = all.items.begin()->first, excluded = all.items.rbegin()->first;
  testing::remove_item(fixture_.catalogue, gone);
  request.exclude.insert(excluded);
  const Found rest = explore(request, recommender);
  EXPECT_GT(rest.lists, 0);
  for (const std::string& name : {gone, excluded}) EXPECT_FALSE(rest.items.contains(name)) << name;
}

TEST_F(ExplorationTest, WhatHasBeenClickedOftenEnoughDoesNotComeByChance) {
  const Services services = fixture_.services();
  const Recommender recommender(services, options(1));
  int visitors = 0;
  const auto click_every_pan = [&] {
    for (int n = 0; n < 30; ++n) click("v" + std::to_string(visitors++), "pan-" + std::to_string(n));
    fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  };
  const auto explored = [&] {
    ListRequest request = request_after(recommender, "pan-0", 8);
    request.explores = true;
    request.content = 1;  // whatever the clicks have made popular
    const List list = recommender.recommend(request);
    const auto entry =
        std::ranges::find_if(list.items, [](const List::Entry& one) { return one.propensity.has_value(); });
    return entry == list.items.end() ? "none" : entry->item;
  };
  for (int clicks = 0; clicks < static_cast<int>(Exploration::kFewClicks); ++clicks) {
    EXPECT_TRUE(explored().starts_with("pan-")) << clicks;
    click_every_pan();
  }
  const std::string without = "freshet_serve_unexplored_lists_total ";
  EXPECT_TRUE(explored().starts_with("shirt-")) << "although pans are the best quarter of what content proposes";
  EXPECT_NE(fixture_.metrics.render().find(without + "0\n"), std::string::npos);
  for (int n = 0; n < kShirts; ++n) testing::remove_item(fixture_.catalogue, "shirt-" + std::to_string(n));
  EXPECT_EQ(explored(), "none");
  EXPECT_NE(fixture_.metrics.render().find(without + "1\n"), std::string::npos);
}

TEST_F(ExplorationTest, OnlyListsThatAskForItAndHaveRoomExplore) {
  const Services services = fixture_.services();
  const Recommender recommender(services, options(1));
  const auto explored = [&](const ListRequest& request) {
    return std::ranges::any_of(recommender.recommend(request).items,
                               [](const List::Entry& entry) { return entry.propensity.has_value(); });
  };
  ListRequest request = request_after(recommender, "pan-0", 8);
  EXPECT_FALSE(explored(request));
  request.explores = true;
  EXPECT_TRUE(explored(request));
  request.content = 0;
  EXPECT_FALSE(explored(request)) << "content proposes nothing";
  request.content = {};
  request.k = 3;
  EXPECT_FALSE(explored(request));
  request.k = 1000;
  EXPECT_FALSE(explored(request)) << "everything is in the list";
  request.k = 8;
  request.context = {};
  EXPECT_FALSE(explored(request)) << "popular items";
  const Recommender never(services, options(0));
  request = request_after(recommender, "pan-0", 8);
  request.explores = true;
  for (const auto& entry : never.recommend(request).items) EXPECT_FALSE(entry.propensity);
}

}  // namespace
}  // namespace freshet::serve

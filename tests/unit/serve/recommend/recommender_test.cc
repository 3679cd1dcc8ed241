// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/recommender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

TEST(Recommender, FillsTheListWhenFiltersLeaveTooFew) {
  testing::ServiceFixture fixture;
  // 300 items follow "a", more than the parts propose.
  std::int64_t offset = 5000;
  for (int i = 0; i < 300; ++i) {
    const std::string user = "w" + std::to_string(i);
    fixture.learn(testing::user_event(offset, user, "a", 1'700'001'000'000 + offset));
    ++offset;
    fixture.learn(testing::user_event(offset, user, "item" + std::to_string(i), 1'700'001'000'000 + offset));
    ++offset;
  }
  fixture.snapshot = fixture.model->publish(fixture.clock.now());
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.context = recommender.context_of({"a"});
  request.k = 10;
  const List all = recommender.recommend(request);
  ASSERT_EQ(all.items.size(), 10U);
  request.k = 100;
  for (const auto& entry : recommender.recommend(request).items) request.exclude.insert(entry.item);
  request.k = 10;
  const List rest = recommender.recommend(request);
  EXPECT_EQ(rest.items.size(), 10U);
  for (const auto& entry : rest.items) EXPECT_FALSE(request.exclude.contains(entry.item));
}

void set_available(testing::ServiceFixture& fixture, std::initializer_list<const char*> names, bool available) {
  for (const char* name : names) {
    Item item;
    item.item = name;
    item.available = available;
    testing::put_items(fixture.catalogue, {item});
  }
}

TEST(Recommender, AnItemThatIsAvailableAgainComesBackAtOnce) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.k = 1;
  const auto popular = [&] {
    const List list = recommender.popular(request);
    return list.items.empty() ? "" : list.items.front().item;
  };
  set_available(fixture, {"a", "b"}, false);
  EXPECT_EQ(popular(), "c");
  set_available(fixture, {"c"}, false);
  EXPECT_EQ(popular(), "");
  set_available(fixture, {"b"}, true);
  EXPECT_EQ(popular(), "b");
  set_available(fixture, {"b"}, false);
  testing::remove_item(fixture.catalogue, "a");
  EXPECT_EQ(popular(), "") << "removed, not available";
  set_available(fixture, {"a"}, true);
  EXPECT_EQ(popular(), "a");
}

TEST(Recommender, ARemovedItemIsInNoListUntilItIsPutOrVisited) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.k = 10;
  const auto popular = [&] {
    std::vector<std::string> names;
    for (const auto& entry : recommender.popular(request).items) names.push_back(entry.item);
    std::ranges::sort(names);
    return names;
  };
  using Names = std::vector<std::string>;
  set_available(fixture, {"b", "cold"}, true);
  EXPECT_EQ(popular(), (Names{"a", "b", "c", "cold"}));
  for (const char* name : {"a", "b", "cold"}) testing::remove_item(fixture.catalogue, name);
  EXPECT_EQ(popular(), Names{"c"});
  fixture.learn(testing::user_event(10'000, "u1", "a", 1'700'000'900'000));
  set_available(fixture, {"cold"}, true);
  EXPECT_EQ(popular(), (Names{"a", "c", "cold"}));
}

TEST(Recommender, WithAStrictCatalogueOnlyItsItemsAreInLists) {
  testing::ServiceFixture fixture({.strict = true});
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.k = 10;
  EXPECT_TRUE(recommender.popular(request).items.empty());
  set_available(fixture, {"b"}, true);
  ASSERT_EQ(recommender.popular(request).items.size(), 1U);
  testing::remove_item(fixture.catalogue, "b");
  fixture.learn(testing::user_event(10'000, "u1", "b", 1'700'000'900'000));
  EXPECT_TRUE(recommender.popular(request).items.empty());
}

TEST(Recommender, AnUnavailableItemsNumberDoesNotHideItsNextItem) {
  testing::ServiceFixture fixture;
  fixture.online.max_items = 3;
  fixture.model = std::make_unique<online::Model>(fixture.online, online::make_parts(fixture.online));
  const Services services = fixture.services();
  const Recommender recommender(services);
  std::int64_t offset = 1000;
  for (const char* item : {"old1", "old2", "old3"}) {
    fixture.learn(testing::user_event(offset, "u", item, 1'700'000'000'000 + offset));
    ++offset;
  }
  set_available(fixture, {"old1", "old2", "old3"}, false);
  fixture.snapshot = fixture.model->publish(fixture.clock.now());
  EXPECT_TRUE(recommender.popular({}).items.empty());
  fixture.learn(testing::user_event(offset, "u", "new", 1'700'000'000'000 + offset));
  EXPECT_EQ(recommender.popular({}).items.size(), 1U);
}

TEST(Recommender, ItemsThatNobodyHasClickedComeLast) {
  testing::ServiceFixture fixture;
  set_available(fixture, {"cold"}, true);
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  EXPECT_EQ(recommender.popular(request).items.back().item, "cold");
  request.context = recommender.context_of({"a"});
  const List list = recommender.recommend(request);
  ASSERT_EQ(list.items.size(), 3U) << "b, c, cold";
  EXPECT_EQ(list.items.back().item, "cold");
}

TEST(Recommender, WhoComesBackAfterTheirSessionIsNoStranger) {
  testing::ServiceFixture fixture;
  fixture.learn(testing::user_event(1000, "me", "a", 1'700'000'100'000));
  fixture.learn(testing::user_event(1001, "other", "c", 1'700'100'000'000));  // a day later
  const Services services = fixture.services();
  const Recommender recommender(services);
  const auto context = recommender.context_of(Owner{Owner::Kind::user, "me"});
  ASSERT_EQ(context->session.size(), 1U);
  EXPECT_EQ(fixture.model->vocabulary().name(context->last_item()), "a");
  EXPECT_EQ(context->now, timestamp_from_ms(1'700'100'000'000));
}

TEST(Recommender, AListIsOfOneSnapshot) {
  testing::ServiceFixture fixture;
  Services services = fixture.services();
  std::size_t taken = 0;
  services.snapshot = [&] { return ++taken, fixture.snapshot; };
  const Recommender recommender(services);
  ListRequest request;
  EXPECT_FALSE(recommender.recommend(request).items.empty());
  EXPECT_EQ(taken, 1U);
  request.context = recommender.context_of({"a"});
  EXPECT_FALSE(recommender.recommend(request).items.empty());
  EXPECT_EQ(taken, 2U);
}

TEST(Recommender, RankSeesWhatWasLearnedSinceTheLastListOfTheSameSession) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.context = recommender.context_of({"a"});
  const auto scores = [&] {
    std::map<std::string, float> by_item;
    for (const auto& entry : recommender.rank(request.context, {"b", "c"}).items) by_item[entry.item] = entry.score;
    return by_item;
  };
  const auto before = scores();
  EXPECT_FALSE(recommender.recommend(request).items.empty());
  std::thread learner([&] {         // another thread, as in a service
    for (int n = 0; n < 20; ++n) {  // late events: the stream's time stays as it is
      const std::string user = "late" + std::to_string(n % 10);
      fixture.learn(testing::user_event(2000 + n, user, n < 10 ? "a" : "c", 1'700'000'000'000 + n));
    }
  });
  learner.join();
  ASSERT_EQ(recommender.context_of({"a"}).now, request.context.now);
  const auto here = scores();
  std::map<std::string, float> elsewhere;
  std::thread([&] { elsewhere = scores(); }).join();  // a thread that has not answered anything before
  EXPECT_NE(here, before);
  EXPECT_EQ(here, elsewhere);
}

TEST(Recommender, EveryListHasAnIdOfItsOwn) {
  testing::ServiceFixture fixture;
  const Services services = fixture.services();
  const Recommender recommender(services);
  ListRequest request;
  request.context = recommender.context_of({"a"});
  std::set<std::string> ids{recommender.recommend({}).id, recommender.recommend(request).id,
                            recommender.popular(request).id, recommender.rank(request.context, {"a", "b"}).id};
  EXPECT_EQ(ids.size(), 4U);
  EXPECT_FALSE(ids.contains(""));
}

TEST(Recommender, AnEmptyModelGivesAnEmptyList) {
  testing::ServiceFixture fixture;
  fixture.model = std::make_unique<online::Model>(fixture.online, online::make_parts(fixture.online));
  fixture.snapshot = fixture.model->publish(fixture.clock.now());
  const Services services = fixture.services();
  const Recommender recommender(services);
  EXPECT_TRUE(recommender.recommend({}).items.empty());
}

}  // namespace
}  // namespace freshet::serve

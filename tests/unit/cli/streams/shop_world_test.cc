// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/shop_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>

namespace freshet::cli {
namespace {

std::vector<Event> stream(std::uint64_t seed) {
  ShopOptions options;
  options.users = 200;
  options.items = 300;
  options.events = 20'000;
  options.seed = seed;
  options.start = timestamp_from_ms(1'700'000'000'000);
  ShopWorld world(options);
  std::vector<Event> events;
  for (Event event = world.next(); !event.item.empty(); event = world.next()) events.push_back(event);
  return events;
}

TEST(ShopWorld, IsTheSameForTheSameSeedAndInOrderOfTime) {
  const auto events = stream(1);
  EXPECT_EQ(events.size(), 20'000U);
  EXPECT_EQ(events, stream(1));
  EXPECT_NE(events, stream(2));
  for (std::size_t i = 1; i < events.size(); ++i) EXPECT_LE(events[i - 1].time, events[i].time);
}

TEST(ShopWorld, WithTypesPeopleBuyWhatTheyLookAtAndMostlyBestsellers) {
  ShopWorld world({.users = 200, .items = 300, .events = 30'000, .types = true});
  std::map<std::string, Event> last;  // by user
  std::map<std::string, std::size_t> of_type;
  std::map<bool, std::array<double, 2>> by_place;  // bestseller: views, carts
  for (Event event = world.next(); !event.item.empty(); event = world.next()) {
    const Event& before = last[event.user];
    if (event.type != "view") {
      EXPECT_EQ(before.type, event.type == "cart" ? "view" : "cart");
      EXPECT_EQ(before.item, event.item);
    }
    const std::size_t categories = 6;
    const bool bestseller = std::stoul(event.item.substr(event.item.find('-') + 1)) / categories < 5;
    if (event.type != "purchase") ++by_place[bestseller][event.type == "cart" ? 1 : 0];
    ++of_type[event.type];
    last[event.user] = event;
  }
  EXPECT_GT(of_type["view"], of_type["cart"]);
  EXPECT_GT(of_type["cart"], of_type["purchase"]);
  EXPECT_GT(of_type["purchase"], 300U);
  EXPECT_GT(by_place[true][1] / by_place[true][0], 5 * by_place[false][1] / by_place[false][0]);
}

TEST(ShopWorld, FewItemsOfALargeCatalogueBringMostEvents) {
  ShopOptions options;
  options.users = 10'000;
  options.items = 20'000;
  options.events = 50'000;
  ShopWorld world(options);
  std::map<std::string, std::size_t> visits;
  for (Event event = world.next(); !event.item.empty(); event = world.next()) ++visits[event.item];
  std::vector<std::size_t> counts;
  for (const auto& [item, count] : visits) counts.push_back(count);
  std::ranges::sort(counts, std::greater<>());
  const auto head = std::accumulate(counts.begin(), counts.begin() + 200, std::size_t{0});
  EXPECT_GT(head, options.events / 8);  // 1 % of the items; with equally popular categories, it would be 7 %
}

TEST(ShopWorld, SessionsStayInACategoryFarMoreThanChanceWould) {
  std::map<std::string, std::string> last;  // user -> category
  std::size_t same = 0, all = 0;
  for (const Event& event : stream(1)) {
    const std::string category = event.item.substr(0, event.item.find('-'));
    if (last.contains(event.user)) {
      ++all;
      same += last[event.user] == category;
    }
    last[event.user] = category;
  }
  EXPECT_GT(static_cast<double>(same) / static_cast<double>(all), 0.6);  // chance: 1/6
}

}  // namespace
}  // namespace freshet::cli

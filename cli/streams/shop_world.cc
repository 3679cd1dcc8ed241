// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/shop_world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>
#include <string>

#include "base/random.h"

namespace freshet::cli {
namespace {

constexpr std::size_t kItemsPerCategory = 50;
constexpr std::size_t kTastes = 3;         // number of categories that a user likes
constexpr double kSkew = 2.5;              // exponent of popularity, among categories and within one
constexpr double kFollowAccessory = 0.55;  // probability that the next item is the accessory of the last one
constexpr double kSameCategory = 0.35;  // ... that it is a popular item of the category; else one that the user likes
constexpr double kContinue = 0.75;      // probability that a session goes on
constexpr double kCart = 0.10, kPurchase = 0.04;
// With ShopOptions::types: probability that a view of the most popular item of a category leads to a cart, that it does
// of an unpopular one, and that a cart leads to a purchase.
constexpr double kBestCart = 0.45, kLeastCart = 0.01, kBuys = 0.5;
constexpr double kBestsellers = 6;  // of a category, roughly
constexpr std::array<const char*, 12> kNouns{"mug",  "lamp", "chair", "shirt", "scarf", "phone",
                                             "case", "book", "pan",   "bag",   "boots", "watch"};
constexpr std::array<const char*, 10> kAdjectives{"blue", "small", "classic", "soft",  "bright",
                                                  "warm", "light", "round",   "vivid", "plain"};

}  // namespace

struct ShopWorld::Impl {
  struct Visitor {
    std::size_t user = 0;
    std::size_t item = SIZE_MAX;  // last visited; SIZE_MAX: the session has not begun
    std::string_view type = {};   // of the last event
    std::int64_t time_ms = 0;     // time of the next event
    bool operator>(const Visitor& other) const {
      return time_ms != other.time_ms ? time_ms > other.time_ms : user > other.user;
    }
  };

  explicit Impl(const ShopOptions& the_options)
      : options(the_options),
        random(options.seed),
        categories(std::max<std::size_t>(1, options.items / kItemsPerCategory)),
        span_ms(options.days * 86'400'000.0) {
    const double sessions = static_cast<double>(options.events) * (1 - kContinue);
    pause_ms = std::max(1.0, static_cast<double>(options.users) * span_ms / std::max(1.0, sessions));
    for (std::size_t user = 0; user < options.users; ++user) {
      for (std::size_t taste = 0; taste < kTastes; ++taste) tastes.push_back(popular_of(categories));
      schedule(user, random.uniform() * pause_ms);
    }
  }

  std::size_t category_of(std::size_t item) const { return item % categories; }

  const char* noun_of(std::size_t item) const { return kNouns[category_of(item) % kNouns.size()]; }

  /// "mug-12": the name shows the category, so that lists can be read.
  std::string name_of(std::size_t item) const { return std::string(noun_of(item)) + "-" + std::to_string(item); }

  /// The accessory of an item: a fixed other item of its category.
  std::size_t accessory_of(std::size_t item) const {
    const std::size_t of_category = (options.items - category_of(item) + categories - 1) / categories;
    const std::size_t place = item / categories;
    return (place * 7 + 3) % of_category * categories + category_of(item);
  }

  /// During the stream the last `drift` of the catalogue appears, and the first `drift` disappears.
  bool is_alive(std::size_t item, double progress) const {
    const double position = static_cast<double>(item) / static_cast<double>(options.items);
    return position >= options.drift * progress && position <= 1 - options.drift * (1 - progress);
  }

  /// A random number below `count`, skewed to small ones.
  std::size_t popular_of(std::size_t count) {
    const double skewed = std::pow(random.uniform(), kSkew);
    return std::min(static_cast<std::size_t>(skewed * static_cast<double>(count)), count - 1);
  }

  std::size_t popular_in(std::size_t category) {
    const std::size_t of_category = (options.items - category + categories - 1) / categories;
    return popular_of(of_category) * categories + category;
  }

  std::size_t liked_by(std::size_t user) { return popular_in(tastes[user * kTastes + random.below(kTastes)]); }

  std::size_t next_item(const Visitor& visitor, double progress) {
    for (int attempt = 0; attempt < 8; ++attempt) {
      std::size_t item = 0;
      const double choice = random.uniform();
      if (visitor.item == SIZE_MAX || choice > kFollowAccessory + kSameCategory) {
        item = liked_by(visitor.user);
      } else if (choice < kFollowAccessory) {
        item = accessory_of(visitor.item);
      } else {
        item = popular_in(category_of(visitor.item));
      }
      if (item != visitor.item && is_alive(item, progress)) return item;
    }
    return liked_by(visitor.user);
  }

  /// The type of the visitor's next event; "view": of the next item, else of the one they are at.
  std::string_view next_type(const Visitor& visitor) {
    const double chance = random.uniform();
    if (visitor.item == SIZE_MAX) return "view";
    if (!options.types) return chance < kPurchase ? "purchase" : chance < kCart + kPurchase ? "cart" : "view";
    const std::size_t by_popularity = visitor.item / categories;  // its place in the category
    const auto place = static_cast<double>(by_popularity);
    if (visitor.type == "view" && chance < kLeastCart + kBestCart * std::exp(-place / kBestsellers)) return "cart";
    return visitor.type == "cart" && chance < kBuys ? "purchase" : "view";
  }

  void schedule(std::size_t user, double after_ms) {
    double time = static_cast<double>(now_ms) + after_ms;
    // Nights are quiet: sessions between midnight and six are moved into the day.
    const double of_day = std::fmod(time, 86'400'000.0);
    if (of_day < 21'600'000.0 && pause_ms < 86'400'000.0) time += 21'600'000.0 - of_day * 0.5;
    visitors.push({.user = user, .time_ms = static_cast<std::int64_t>(time)});
  }

  double exponential(double mean) { return -mean * std::log(1 - random.uniform()); }

  const ShopOptions options;
  Random random;
  const std::size_t categories;
  const double span_ms;
  double pause_ms = 0;  // mean pause between the sessions of a user
  std::vector<std::size_t> tastes;
  std::priority_queue<Visitor, std::vector<Visitor>, std::greater<>> visitors;
  std::int64_t now_ms = 0;
  std::uint64_t given = 0;
};

ShopWorld::ShopWorld(const ShopOptions& options) : impl_(std::make_unique<Impl>(options)) {}
ShopWorld::~ShopWorld() = default;

Event ShopWorld::next() {
  Impl& world = *impl_;
  Event event;
  if (world.given == world.options.events) return event;
  Impl::Visitor visitor = world.visitors.top();
  world.visitors.pop();
  world.now_ms = visitor.time_ms;
  const double progress = static_cast<double>(world.given) / static_cast<double>(world.options.events);
  visitor.type = world.next_type(visitor);
  if (visitor.type == "view") visitor.item = world.next_item(visitor, progress);
  event.id = "g" + std::to_string(world.options.seed) + "-" + std::to_string(world.given);
  event.user = "u" + std::to_string(visitor.user);
  event.item = world.name_of(visitor.item);
  event.type = visitor.type;
  event.time = world.options.start + std::chrono::milliseconds(visitor.time_ms);
  ++world.given;

  if (world.random.uniform() < kContinue) {
    visitor.time_ms += 1000 + static_cast<std::int64_t>(world.exponential(40'000));
    world.visitors.push(visitor);
  } else {
    world.schedule(visitor.user, 3'600'000 + world.exponential(world.pause_ms));
  }
  return event;
}

std::vector<Item> ShopWorld::catalogue() const {
  const Impl& world = *impl_;
  std::vector<Item> items(world.options.items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t category = world.category_of(i);
    items[i].item = world.name_of(i);
    items[i].title =
        std::string(kAdjectives[i % kAdjectives.size()]) + " " + world.noun_of(i) + " " + std::to_string(i);
    items[i].categories = {std::string(world.noun_of(i)) + " > range " + std::to_string(category)};
    items[i].price = 5.0 + static_cast<double>(mix64(i) % 20'000) / 100.0;
    items[i].time = world.options.start;
  }
  return items;
}

}  // namespace freshet::cli

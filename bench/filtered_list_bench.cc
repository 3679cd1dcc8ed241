// SPDX-License-Identifier: Apache-2.0
// Cost of a list of 20 when the filters leave little: the most popular items of a synthetic shop are unavailable, as at
// a change of season (the argument is their number; 0 is the usual list), or the list is limited to one item in so many
// (1 is a filter that everything passes). p99_us is that of single lists.
//
//   freshet_filtered_list_bench
//   FRESHET_BENCH_ITEMS, FRESHET_BENCH_EVENTS: size of the shop (default: 25,000 items, 250,000 events)
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "cli/streams/shop_world.h"
#include "online/all_parts.h"
#include "serve/recommend/recommender.h"
#include "tests/support/service_fixture.h"

namespace {

using namespace freshet;

constexpr std::size_t kSessions = 1000;

std::size_t from_environment(const char* name, std::size_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::stoul(text);
}

/// One item in `share`, by number.
class Share final : public serve::ItemSelection {
 public:
  Share(const online::Vocabulary& vocabulary, std::size_t share) : vocabulary_(vocabulary), in_(vocabulary.size()) {
    for (online::ItemIndex item = 0; item < in_.size(); ++item) {
      in_[item] = mix64(item) % share == 0 ? 1 : 0;
      if (in_[item] != 0) names_.push_back(vocabulary.name(item));
    }
  }
  bool allows(online::ItemIndex item) const override { return in_[item] != 0; }
  bool contains(std::string_view item) const override {
    const online::ItemIndex number = vocabulary_.find(item);
    return number != online::kNoItem && allows(number);
  }
  bool is_used_up() const override { return false; }
  std::size_t estimate() const override { return names_.size(); }
  void enumerate(const std::function<bool(std::string_view)>& visit) const override {
    for (const std::string& name : names_) {
      if (!visit(name)) return;
    }
  }

 private:
  const online::Vocabulary& vocabulary_;
  std::vector<char> in_;
  std::vector<std::string> names_;
};

/// A service that has learned a shop, and sessions of it.
class Shop {
 public:
  Shop() {
    service_.online = online::Options(online::all_parts());
    service_.model = std::make_unique<online::Model>(service_.online, online::make_parts(service_.online));
    cli::ShopWorld world({.users = 50'000,
                          .items = from_environment("FRESHET_BENCH_ITEMS", 25'000),
                          .events = from_environment("FRESHET_BENCH_EVENTS", 250'000)});
    std::vector<std::string> items;
    for (Event event = world.next(); !event.item.empty(); event = world.next()) {
      service_.model->learn(event);
      items.push_back(event.item);
    }
    service_.snapshot = service_.model->publish(Timestamp{});
    services_.emplace(service_.services());
    recommender_.emplace(*services_);
    for (std::size_t s = 0; s < kSessions; ++s) {
      const auto first = items.end() - static_cast<std::ptrdiff_t>(5 * (s + 1));
      sessions_.push_back(recommender_->context_of(std::vector<std::string>(first, first + 5)));
    }
    serve::ListRequest all;
    all.k = items.size();
    for (const auto& entry : recommender_->popular(all).items) most_popular_.push_back(entry.item);
  }

  void set_unavailable(std::size_t count) {
    std::vector<Item> items(most_popular_.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].item = most_popular_[i];
      items[i].available = i >= count;
    }
    testing::put_items(service_.catalogue, items);
  }

  std::shared_ptr<const serve::ItemSelection> one_in(std::size_t share) const {
    return std::make_shared<Share>(service_.model->vocabulary(), share);
  }

  const serve::Recommender& recommender() const { return *recommender_; }
  const std::vector<online::Context>& sessions() const { return sessions_; }
  std::size_t known_items() const { return most_popular_.size(); }

  static Shop& instance() {
    static Shop shop;
    return shop;
  }

 private:
  testing::ServiceFixture service_;
  std::optional<serve::Services> services_;
  std::optional<serve::Recommender> recommender_;
  std::vector<online::Context> sessions_;
  std::vector<std::string> most_popular_;
};

using MakeList = serve::List(const serve::ListRequest&);

serve::List session_list(const serve::ListRequest& request) {
  return Shop::instance().recommender().recommend(request);
}
serve::List popular_list(const serve::ListRequest& request) { return Shop::instance().recommender().popular(request); }

void lists(benchmark::State& state, MakeList& list, serve::ListRequest request) {
  using std::chrono::steady_clock;
  Shop& shop = Shop::instance();
  std::size_t next = 0, items = 0;
  std::vector<double> microseconds;
  for (auto _ : state) {
    request.context = shop.sessions()[next];
    const auto start = steady_clock::now();
    items += list(request).items.size();
    microseconds.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
    next = (next + 1) % kSessions;
  }
  const auto p99 = microseconds.begin() + static_cast<std::ptrdiff_t>(microseconds.size() * 99 / 100);
  std::ranges::nth_element(microseconds, p99);
  state.counters["p99_us"] = *p99;
  state.counters["known_items"] = static_cast<double>(shop.known_items());
  state.counters["items_per_list"] = static_cast<double>(items) / static_cast<double>(state.iterations());
}

void unavailable(benchmark::State& state, MakeList& list) {
  Shop::instance().set_unavailable(static_cast<std::size_t>(state.range(0)));
  lists(state, list, {});
}
BENCHMARK_CAPTURE(unavailable, session_list, session_list)
    ->Arg(0)
    ->Arg(1'000)
    ->Arg(20'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(unavailable, popular_list, popular_list)
    ->Arg(0)
    ->Arg(1'000)
    ->Arg(20'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMicrosecond);

void one_in(benchmark::State& state, MakeList& list) {
  Shop& shop = Shop::instance();
  shop.set_unavailable(0);
  serve::ListRequest request;
  request.only = shop.one_in(static_cast<std::size_t>(state.range(0)));
  lists(state, list, std::move(request));
}
BENCHMARK_CAPTURE(one_in, session_list, session_list)
    ->RangeMultiplier(10)
    ->Range(1, 10'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(one_in, popular_list, popular_list)
    ->RangeMultiplier(10)
    ->Range(1, 10'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();

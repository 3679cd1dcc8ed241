// Cost of a list of 20 when the filters leave little of what the parts propose: the most popular items of a synthetic
// shop are unavailable, as at a change of season. The argument is their number; 0 is the usual list.
//
//   freshet_filtered_list_bench
//   FRESHET_BENCH_ITEMS, FRESHET_BENCH_EVENTS: size of the shop (default: 25,000 items, 250,000 events)
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

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

template <typename List>
void lists(benchmark::State& state, List list) {
  Shop& shop = Shop::instance();
  shop.set_unavailable(static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0, items = 0;
  serve::ListRequest request;
  for (auto _ : state) {
    request.context = shop.sessions()[next];
    items += list(request).items.size();
    next = (next + 1) % kSessions;
  }
  state.counters["known_items"] = static_cast<double>(shop.known_items());
  state.counters["items_per_list"] = static_cast<double>(items) / static_cast<double>(state.iterations());
}

void session_list(benchmark::State& state) {
  lists(state, [](const serve::ListRequest& request) { return Shop::instance().recommender().recommend(request); });
}
BENCHMARK(session_list)->Arg(0)->Arg(1'000)->Arg(20'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void popular_list(benchmark::State& state) {
  lists(state, [](const serve::ListRequest& request) { return Shop::instance().recommender().popular(request); });
}
BENCHMARK(popular_list)->Arg(0)->Arg(1'000)->Arg(20'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();

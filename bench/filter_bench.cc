// SPDX-License-Identifier: Apache-2.0
// Filters of the catalogue: what an item costs in the columns, what a filter costs per row and per list.
//
//   FRESHET_BENCH_ITEMS=1000000 freshet_filter_bench
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"
#include "store/catalogue/bound_filter.h"

namespace {

using namespace freshet;
using namespace freshet::store;

std::size_t shop_items() {
  const char* text = std::getenv("FRESHET_BENCH_ITEMS");
  return text == nullptr ? 100'000 : std::stoul(text);
}

std::string numbered(const char* name, std::uint64_t number) { return name + std::to_string(number); }

/// A title of some 40 bytes, 1,000 brands, 2,000 categories on three levels, 5 of 5,000 tags, price, time, two booleans.
Item shop_item(Random& random, std::size_t number) {
  Item item;
  item.item = numbered("item-", number);
  const std::uint64_t category = random.below(2000);
  item.categories = {numbered("Department ", category % 20) + " > " + numbered("Aisle ", category % 200) + " > " +
                     numbered("Shelf ", category)};
  item.title = numbered("Brand ", random.below(1000)) + numbered(" wireless thing in color ", random.below(100'000));
  item.price = static_cast<double>(random.below(100'000)) / 100;
  item.available = random.below(10) != 0;
  item.time = timestamp_from_ms(1'700'000'000'000 + static_cast<std::int64_t>(random.below(100'000'000'000)));
  std::vector<std::string> tags(5);
  for (auto& tag : tags) tag = numbered("tag-", random.below(5000));
  item.attributes = {
      {"brand", numbered("Brand ", random.below(1000))}, {"new", random.below(5) == 0}, {"tags", std::move(tags)}};
  return item;
}

/// No filter of the benchmarks reads them.
struct NoTexts final : CatalogueTexts {
  std::string_view item(CatalogueRow) const override { return {}; }
  std::string_view text(CatalogueRow) const override { return {}; }
  std::optional<CatalogueRow> find(std::string_view) const override { return {}; }
};

struct Shop {
  AttributeColumns columns;
  NoTexts texts;

  Shop() {
    Random random(1);
    for (std::size_t i = 0; i < shop_items(); ++i) columns.put(static_cast<CatalogueRow>(i), shop_item(random, i));
  }

  BoundFilter bind(const char* filter) const {
    return std::move(*BoundFilter::bind(*parse_filter(filter), columns, texts, {}));
  }
};

const Shop& shop() {
  static const Shop shop;
  return shop;
}

constexpr const char* kFilters[] = {
    "new = true AND available = true",                                   // 18 %
    "price 100 TO 110",                                                  // 1 %
    "category = 'department 7/aisle 7' AND available = true",            // 0.45 %
    "brand = 'brand 7'",                                                 // 0.1 %
    "brand IN ['brand 1', 'brand 2'] AND price < 50",                    // 0.01 %
    "brand = 'brand 7' AND category = 'department 7' AND price > 800",   // 0.001 %
    "(tags = tag-1 OR tags = tag-2) AND NOT category = 'department 3'",  // 0.19 %
    "title CONTAINS zzz",                                                // none, by a pass over all titles
};

void puts(benchmark::State& state) {
  std::vector<Item> items;
  Random random(1);
  for (std::size_t i = 0; i < shop_items(); ++i) items.push_back(shop_item(random, i));
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    AttributeColumns columns;
    for (std::size_t i = 0; i < items.size(); ++i) columns.put(static_cast<CatalogueRow>(i), items[i]);
    bytes = columns.memory_bytes();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items.size()));
  state.counters["bytes_per_item"] = static_cast<double>(bytes) / static_cast<double>(items.size());
}

void puts_again(benchmark::State& state) {
  Shop own;
  Random random(2);
  std::vector<Item> items;
  for (std::size_t i = 0; i < 10'000; ++i) items.push_back(shop_item(random, i));
  for (auto _ : state) {
    for (const Item& item : items) own.columns.put(static_cast<CatalogueRow>(random.below(shop_items())), item);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items.size()));
}

void parse(benchmark::State& state, const char* filter) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_filter(filter));
}

void bind(benchmark::State& state, const char* filter) {
  const auto parsed = *parse_filter(filter);
  for (auto _ : state) benchmark::DoNotOptimize(BoundFilter::bind(parsed, shop().columns, shop().texts, {}));
}

void matches(benchmark::State& state, const char* filter) {
  const BoundFilter bound = shop().bind(filter);
  Random random(3);
  std::size_t matching = 0;
  for (auto _ : state) matching += bound.matches(static_cast<CatalogueRow>(random.below(shop_items()))) ? 1 : 0;
  state.counters["share"] = static_cast<double>(matching) / static_cast<double>(state.iterations());
}

void enumerate(benchmark::State& state, const char* filter) {
  const BoundFilter bound = shop().bind(filter);
  std::size_t rows = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) rows = bound.enumerate(BoundFilter::kAll, [&](CatalogueRow row) { sum += row; });
  benchmark::DoNotOptimize(sum);
  state.counters["rows"] = static_cast<double>(rows);
  state.counters["estimate"] = static_cast<double>(bound.estimate());
}

/// The baseline of enumerate(): every row is tested.
void test_every_row(benchmark::State& state, const char* filter) {
  const BoundFilter bound = shop().bind(filter);
  std::size_t rows = 0;
  for (auto _ : state) {
    rows = 0;
    for (std::size_t row = 0; row < shop_items(); ++row) rows += bound.matches(static_cast<CatalogueRow>(row)) ? 1 : 0;
  }
  state.counters["rows"] = static_cast<double>(rows);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::RegisterBenchmark("puts", puts)->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("puts_again", puts_again)->Unit(benchmark::kMillisecond);
  const auto each = [](const char* name, auto function, benchmark::TimeUnit unit) {
    for (const char* filter : kFilters) {
      const auto run = [function, filter](benchmark::State& state) { function(state, filter); };
      benchmark::RegisterBenchmark((std::string(name) + "/" + filter).c_str(), run)->Unit(unit);
    }
  };
  each("parse", parse, benchmark::kNanosecond);
  each("bind", bind, benchmark::kNanosecond);
  each("matches", matches, benchmark::kNanosecond);
  each("enumerate", enumerate, benchmark::kMicrosecond);
  each("test_every_row", test_every_row, benchmark::kMicrosecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}

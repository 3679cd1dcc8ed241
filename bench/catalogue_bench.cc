// SPDX-License-Identifier: Apache-2.0
// The catalogue of a large shop: the rate at which records of the log change it, the start with all items there, its
// memory, look-ups, and how long lists wait while a large batch changes it.
//
//   freshet_catalogue_bench
//   FRESHET_BENCH_ITEMS: items in the catalogue (default: 1,000,000)
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/catalogue.h"
#include "store/history_store.h"
#include "tests/support/item_changes.h"
#include "tests/support/test_store.h"

namespace {

using namespace freshet;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kBatch = 2000;

std::size_t items() {
  const char* text = std::getenv("FRESHET_BENCH_ITEMS");
  return text == nullptr ? 1'000'000 : std::stoul(text);
}

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

std::string name_of(std::size_t number) { return "sku-" + std::to_string(number); }

/// An item with about 400 bytes of text; one in ten is unavailable.
Item item_of(std::size_t number) {
  Item item;
  item.item = name_of(number);
  item.title = "Item " + std::to_string(number) + " of a shop that sells a great many things";
  item.text = std::string(320, 'x');
  item.categories = {"department " + std::to_string(number % 20) + " > group " + std::to_string(number % 1000)};
  item.price = static_cast<double>(number % 1000);
  item.available = number % 10 != 0;
  item.time = timestamp_from_ms(1'700'000'000'000 + static_cast<std::int64_t>(mix64(number) % 1'000'000'000));
  item.attributes = {{"brand", "brand " + std::to_string(number % 500)}, {"stock", static_cast<double>(number % 77)}};
  return item;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// A data directory and what reads it.
class Shop {
 public:
  Shop() { open(); }

  void close() {
    histories_.reset();
    catalogue_.reset();
  }
  void open() {
    catalogue_.emplace(files_.database());
    histories_.emplace(files_.database());
  }
  void reopen_database() {
    close();
    files_.reopen();
  }

  /// Commits `count` changes in batches of `batch`; make(n) is the n-th.
  template <typename Make>
  void commit(std::size_t count, std::size_t batch_size, Make make) {
    for (std::size_t begin = 0; begin < count; begin += batch_size) {
      EventBatch batch;
      for (std::size_t n = begin; n < std::min(count, begin + batch_size); ++n) {
        batch.events.push_back(testing::item_record({0, offset_++}, make(n)));
      }
      batch.next = {{0, offset_}};
      const auto start = Steady::now();
      FRESHET_CHECK(histories_->commit(batch, true).has_value());
      commit_seconds += seconds_since(start);
    }
  }

  const store::Catalogue& catalogue() const { return *catalogue_; }

  static Shop& filled() {
    static Shop shop;
    if (shop.catalogue().size() == 0) {
      shop.commit(items(), kBatch, [](std::size_t n) { return testing::put_of(item_of(n)); });
    }
    return shop;
  }

  double commit_seconds = 0;

 private:
  testing::TestStore files_;
  std::optional<store::Catalogue> catalogue_;
  std::optional<store::HistoryStore> histories_;
  std::int64_t offset_ = 0;
};

/// Only the commits are timed, not what makes their records.
void puts(benchmark::State& state) {
  for (auto _ : state) {
    Shop& shop = Shop::filled();
    state.SetIterationTime(shop.commit_seconds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(items()));
}
BENCHMARK(puts)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

void price_patches(benchmark::State& state) {
  Shop& shop = Shop::filled();
  const std::size_t count = std::min<std::size_t>(items(), 200'000);
  for (auto _ : state) {
    shop.commit_seconds = 0;
    shop.commit(count, kBatch, [](std::size_t n) {
      ItemChange patch{ItemChange::Kind::patch, {}, 0};
      patch.item.item = name_of(mix64(n) % items());
      patch.item.price = static_cast<double>(n);
      patch.set(ItemField::price);
      return patch;
    });
    state.SetIterationTime(shop.commit_seconds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count));
}
BENCHMARK(price_patches)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

void start(benchmark::State& state) {
  Shop& shop = Shop::filled();
  for (auto _ : state) {
    shop.reopen_database();
    const double before = resident_bytes();
    const auto begin = Steady::now();
    shop.open();
    state.SetIterationTime(seconds_since(begin));
    const auto count = static_cast<double>(items());
    state.counters["bytes_per_item"] = static_cast<double>(shop.catalogue().memory_bytes()) / count;
    state.counters["resident_per_item"] = (resident_bytes() - before) / count;  // with RocksDB's cache
  }
}
BENCHMARK(start)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

void row_of(benchmark::State& state) {
  const store::Catalogue& catalogue = Shop::filled().catalogue();
  std::vector<std::string> names;
  for (std::size_t n = 0; n < 100'000; ++n) names.push_back(name_of(mix64(n) % items()));
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(catalogue.row_of(names[next = (next + 1) % names.size()]));
}
BENCHMARK(row_of);

void is_available(benchmark::State& state) {
  const store::Catalogue& catalogue = Shop::filled().catalogue();
  std::uint64_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(catalogue.is_available(static_cast<store::CatalogueRow>(mix64(++next) % items())));
  }
}
BENCHMARK(is_available);

void find(benchmark::State& state) {
  const store::Catalogue& catalogue = Shop::filled().catalogue();
  std::uint64_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(catalogue.find(name_of(mix64(++next) % items()))->has_value());
}
BENCHMARK(find);

/// The longest of a reader's look-ups while one batch of 100,000 new items is committed.
void longest_wait(benchmark::State& state) {
  Shop& shop = Shop::filled();
  for (auto _ : state) {
    std::atomic<bool> done{false};
    double longest = 0;
    std::thread reader([&] {
      for (std::uint64_t n = 0; !done; ++n) {
        const auto begin = Steady::now();
        benchmark::DoNotOptimize(shop.catalogue().row_of(name_of(mix64(n) % items())));
        longest = std::max(longest, seconds_since(begin));
      }
    });
    shop.commit(100'000, 100'000, [](std::size_t n) { return testing::put_of(item_of(items() + n)); });
    done = true;
    reader.join();
    state.SetIterationTime(longest);
  }
}
BENCHMARK(longest_wait)->Iterations(1)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();

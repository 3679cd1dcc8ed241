// SPDX-License-Identifier: Apache-2.0
// Cost of a list, part by part, with a model that has learned a synthetic shop; and the scan of embeddings compared
// with the plain loop that it replaces, which is kept here as its baseline.
//
//   freshet_ranking_bench --benchmark_filter=list --benchmark_repetitions=5
//   FRESHET_BENCH_ITEMS, FRESHET_BENCH_EVENTS: size of the shop (default: 20,000 items, 150,000 events)
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/streams/shop_world.h"
#include "online/all_parts.h"
#include "online/kernels/kernels.h"
#include "online/model/model.h"
#include "online/model/ranking.h"
#include "online/model/session.h"
#include "online/part/top_k.h"
#include "online/vectors/embedding_ranking.h"

namespace {

using namespace freshet;
using namespace freshet::online;

constexpr std::size_t kContexts = 4096;
constexpr std::size_t kSessionItems = 10;
constexpr std::size_t kPerPart = 50;

std::size_t from_environment(const char* name, std::size_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::stoul(text);
}

/// A model that has learned a stream, and the sessions that were open at the end of the stream.
struct Shop {
  std::unique_ptr<Model> model;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<const Scorer*> scorers;
  std::vector<Context> contexts;

  Shop() {
    const Options options(all_parts());
    model = std::make_unique<Model>(options, make_parts(options));
    cli::ShopWorld world({.users = 50'000,
                          .items = from_environment("FRESHET_BENCH_ITEMS", 20'000),
                          .events = from_environment("FRESHET_BENCH_EVENTS", 150'000)});
    std::unordered_map<std::string, Context> sessions;
    std::deque<std::string> newest;
    for (Event event = world.next(); !event.item.empty(); event = world.next()) {
      model->learn(event);
      Context& context = sessions[event.user];
      context.now = event.time;
      context.user_key = IdHash{}.user(event.user);
      context.session_key = context.user_key;
      const ItemIndex item = model->vocabulary().find(event.item);
      if (context.last_item() == item) continue;
      context.session.push_back({item, event.time});
      if (context.session.size() > kSessionItems) context.session.erase(context.session.begin());
      newest.push_back(event.user);
      if (newest.size() > kContexts) newest.pop_front();
    }
    for (const std::string& user : newest) contexts.push_back(sessions[user]);
    snapshot = model->publish(Timestamp{});
    for (const auto& part : snapshot->parts) scorers.push_back(part.get());
  }

  static Shop& instance() {
    static Shop shop;
    return shop;
  }
};

/// Calls work(context) with one context after another.
template <typename Work>
void for_contexts(benchmark::State& state, Work work) {
  const auto& contexts = Shop::instance().contexts;
  std::size_t next = 0;
  for (auto _ : state) {
    work(contexts[next]);
    next = (next + 1) % contexts.size();
  }
  state.SetItemsProcessed(state.iterations());
}

/// A whole list: candidates of every part, their features, the blend, the best 20.
void list(benchmark::State& state) {
  const Shop& shop = Shop::instance();
  Ranking ranking;
  for_contexts(state, [&](const Context& context) {
    ask(shop.scorers, context, ranking);
    propose(shop.scorers, kPerPart, nullptr, ranking);
    extract_features(shop.scorers, ranking);
    blend(*shop.snapshot->blender, ranking);
    benchmark::DoNotOptimize(top_k(ranking, 20));
  });
}
BENCHMARK(list)->Unit(benchmark::kMicrosecond);

/// The same in order of expected value, of three actions.
void list_by_value(benchmark::State& state) {
  const Shop& shop = Shop::instance();
  Ranking ranking;
  const Values values{{"view", 1}, {"cart", 3}, {"purchase", 10}};
  for_contexts(state, [&](const Context& context) {
    ask(shop.scorers, context, ranking);
    propose(shop.scorers, kPerPart, nullptr, ranking);
    extract_features(shop.scorers, ranking);
    const Worths worths(*shop.snapshot->actions, values);
    blend_by_value(*shop.snapshot->blender, *shop.snapshot->actions, worths, std::nullopt, ranking);
    benchmark::DoNotOptimize(top_k(ranking, 20));
  });
}
BENCHMARK(list_by_value)->Unit(benchmark::kMicrosecond);

void blender(benchmark::State& state) {
  const Shop& shop = Shop::instance();
  Ranking ranking;
  ask(shop.scorers, shop.contexts.front(), ranking);
  propose(shop.scorers, kPerPart, nullptr, ranking);
  extract_features(shop.scorers, ranking);
  for (auto _ : state) blend(*shop.snapshot->blender, ranking);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(blender)->Unit(benchmark::kMicrosecond);

void part_proposes(benchmark::State& state, std::size_t part) {
  const Scorer& scorer = *Shop::instance().scorers[part];
  std::unique_ptr<Query> query;
  std::vector<Candidate> candidates;
  for_contexts(state, [&](const Context& context) {
    candidates.clear();
    scorer.ask(context, query);
    query->propose(kPerPart, nullptr, candidates);
  });
}

/// One part's whole share of a list: it is asked, proposes, and writes its features of what all parts have proposed.
void part_proposes_and_scores(benchmark::State& state, std::size_t part) {
  const Shop& shop = Shop::instance();
  const Scorer& scorer = *shop.scorers[part];
  std::vector<std::vector<ItemIndex>> unions;
  Ranking ranking;
  for (const Context& context : shop.contexts) {
    ask(shop.scorers, context, ranking);
    propose(shop.scorers, kPerPart, nullptr, ranking);
    unions.push_back(ranking.items);
  }
  const std::size_t stride = scorer.features().size();
  std::unique_ptr<Query> query;
  std::vector<float> features;
  std::vector<Candidate> candidates;
  std::size_t next = 0;
  for_contexts(state, [&](const Context& context) {
    candidates.clear();
    scorer.ask(context, query);
    query->propose(kPerPart, nullptr, candidates);
    features.resize(unions[next].size() * stride);
    query->write_features(unions[next], {features.data(), stride});
    next = (next + 1) % unions.size();
  });
}

/// A table of synthetic embeddings of dimension 64, with lengths and distances like those of a web shop: departments,
/// groups of about forty items in each, items. Queries are near groups.
struct Table {
  static constexpr std::size_t kDimension = 64, kDepartments = 250, kRowsPerGroup = 40, kQueries = 256;
  EmbeddingTable table;
  std::vector<std::vector<float>> queries;
  std::size_t next = 0;

  Table(std::size_t rows, std::size_t exact_rows) : table(kDimension, rows, rows, 1, exact_rows) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<std::vector<float>> departments(kDepartments, std::vector<float>(kDimension)), groups;
    for (auto& department : departments) {
      for (float& value : department) value = 0.2F * normal(random);
    }
    while (groups.size() < rows / kRowsPerGroup) {
      groups.push_back(departments[groups.size() % kDepartments]);
      for (float& value : groups.back()) value += 0.15F * normal(random);
    }
    const auto around = [&](float length, float noise) {
      std::vector<float> vector = groups[random() % groups.size()];
      for (float& value : vector) value = length * value + noise * normal(random);
      return vector;
    };
    for (ItemIndex item = 0; item < rows; ++item) {
      bool is_new = false;
      const std::uint32_t row = table.observe(item, is_new);
      table.write_prior(row, 0.9F * normal(random) - 13);
      table.write(row, around(1, 0.15F), 0);
    }
    for (std::size_t n = 0; n < kQueries; ++n) queries.push_back(around(2, 0.2F));
  }

  const std::vector<float>& query() { return queries[next++ % kQueries]; }
};

/// Scans all rows in 4 bits, then ranks the best in float.
void scan(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  Table table(rows, rows);
  std::vector<Candidate> best;
  for (auto _ : state) {
    best.clear();
    nearest_items(table.table.live(), table.query(), kPerPart, kNoItem, nullptr, best);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<std::int64_t>(Table::kDimension));
}
BENCHMARK(scan)->Arg(25'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

/// The same through the index, with its recall at 20. Baseline: scan.
void scan_of_clusters(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  Table table(rows, kExactRows);
  std::vector<Candidate> best;
  for (int n = 0; n < 50'000; ++n) {  // the index tunes how many rows it reads
    best.clear();
    nearest_items(table.table.live(), table.query(), kPerPart, kNoItem, nullptr, best);
  }
  const auto published = table.table.publish();
  const EmbeddingView& view = *published;
  for (auto _ : state) {
    best.clear();
    nearest_items(view, table.query(), kPerPart, kNoItem, nullptr, best);
  }
  constexpr std::size_t kCutoff = 20;
  std::size_t found = 0;
  std::vector<Candidate> exact;
  for (const std::vector<float>& query : table.queries) {
    best.clear();
    exact.clear();
    nearest_items(view, query, kPerPart, kNoItem, nullptr, best);
    for (std::uint32_t row = 0; row < view.rows; ++row) {
      exact.push_back({row, dot(query.data(), view.vector(row), Table::kDimension) + view.offset(row)});
    }
    keep_best(exact, kCutoff);
    for (const Candidate& candidate : exact) found += std::ranges::count(best, candidate.item, &Candidate::item) != 0;
  }
  state.counters["recall"] = static_cast<double>(found) / static_cast<double>(kCutoff * table.queries.size());
  state.counters["rows_read"] = static_cast<double>(view.scan->scanned_rows);
}
BENCHMARK(scan_of_clusters)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

/// Writes rows that are in the index.
void write_in_clusters(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  Table table(rows, static_cast<std::size_t>(state.range(1)));
  std::mt19937 random(9);
  std::vector<float> vector(Table::kDimension);
  for (auto _ : state) {
    const auto row = static_cast<std::uint32_t>(random() % rows);
    const float* old = table.table.live().vector(row);
    vector.assign(old, old + Table::kDimension);
    vector[random() % Table::kDimension] += 0.01F;
    table.table.write(row, vector, 0);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_in_clusters)->Args({1'000'000, 1'000'000})->Args({1'000'000, kExactRows});

/// The first pass of scan(), with each implementation that this CPU supports.
void first_pass(benchmark::State& state, ScoreBlocks* kernel) {
  Table table(25'000, 25'000);
  const EmbeddingView& view = table.table.live();
  std::vector<std::int8_t> query(Table::kDimension);
  const float scale = quantize(table.query().data(), Table::kDimension, query.data());
  std::vector<float> scores(RowCluster::kRows), peaks(RowCluster::kRows / kBlockRows);
  for (auto _ : state) {
    for (const auto& rows : view.scan->clusters) {
      kernel(rows->blocks(), query.data(), Table::kDimension, scale, scores.data(), peaks.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(view.rows * Table::kDimension));
}

/// Baseline of scan(): the product with every row in float, then the best.
void scan_in_float(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  Table table(rows, rows);
  const EmbeddingView& view = table.table.live();
  std::vector<Candidate> best;
  for (auto _ : state) {
    best.clear();
    const std::vector<float>& query = table.query();
    for (std::uint32_t row = 0; row < view.rows; ++row) {
      best.push_back({row, dot(query.data(), view.vector(row), Table::kDimension) + view.offset(row)});
    }
    keep_best(best, kPerPart);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<std::int64_t>(Table::kDimension));
}
BENCHMARK(scan_in_float)->Arg(25'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> parts = Options(all_parts()).parts;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    benchmark::RegisterBenchmark(("propose/" + parts[part]).c_str(), part_proposes, part)
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("propose_and_score/" + parts[part]).c_str(), part_proposes_and_scores, part)
        ->Unit(benchmark::kMicrosecond);
  }
  for (std::size_t rank = 0; ScoreBlocks* const kernel : score_blocks_kernels()) {
    benchmark::RegisterBenchmark(("first_pass/" + std::to_string(rank++)).c_str(), first_pass, kernel)
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

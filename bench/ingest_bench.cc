// SPDX-License-Identifier: Apache-2.0
// Speed of ingestion: decoding, appending to the embedded log, and catching up from the log to histories on disk.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/event_encoder.h"
#include "ingest/codec/event_splitter.h"
#include "ingest/embedded/embedded_log.h"
#include "ingest/writer/history_writer.h"
#include "store/database.h"
#include "store/history_store.h"
#include "store/journal.h"

namespace {

using namespace freshet;

constexpr std::int64_t kStart = 1'700'000'000'000;

/// A click as a shop's producer sends it: about 150 bytes, one of `users` users, popular items more often.
std::string click(std::mt19937_64& random, std::size_t number, std::size_t users) {
  static constexpr const char* kTypes[] = {"view", "view", "view", "click", "cart", "purchase"};
  const double skewed = std::generate_canonical<double, 32>(random);
  return R"({"id":"e)" + std::to_string(number) + R"(","user":"u)" + std::to_string(random() % users) +
         R"(","session":"s)" + std::to_string(random() % (users * 4)) + R"(","item":"i)" +
         std::to_string(static_cast<int>(50'000 * skewed * skewed * skewed)) + R"(","type":")" + kTypes[random() % 6] +
         R"(","ts":)" + std::to_string(kStart + static_cast<std::int64_t>(number) * 10) +
         R"(,"value":2.5,"props":{"page":"home","pos":3}})";
}

std::vector<std::string> clicks(std::size_t count, std::size_t users) {
  std::mt19937_64 random(7);
  std::vector<std::string> values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) values.push_back(click(random, i, users));
  return values;
}

void decode(benchmark::State& state) {
  const auto values = clicks(10'000, 5'000);
  ingest::EventDecoder decoder{ingest::DecodeOptions{}};
  const Timestamp arrival = timestamp_from_ms(kStart + 1'000'000'000);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder.decode(values[next], {}, arrival));
    next = (next + 1) % values.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode);

void encode(benchmark::State& state) {
  ingest::EventDecoder decoder{ingest::DecodeOptions{}};
  const auto event = decoder.decode(clicks(1, 10).front(), {}, timestamp_from_ms(kStart));
  for (auto _ : state) benchmark::DoNotOptimize(ingest::encode_event(*event));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode);

void split(benchmark::State& state) {
  std::string body = "[";
  for (const std::string& value : clicks(1000, 5'000)) body += (body.size() > 1 ? "," : "") + value;
  body += "]";
  for (auto _ : state) benchmark::DoNotOptimize(ingest::split_events(body));
  state.SetItemsProcessed(state.iterations() * 1000);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(split);

/// A database in a new directory under FRESHET_BENCH_DIR (default: the temporary directory).
class Disk {
 public:
  Disk() : path_(root() / ("freshet-ingest-bench-" + std::to_string(getpid()))), database_(options()) {}
  ~Disk() { std::filesystem::remove_all(path_); }

  store::Database& database() { return database_; }

 private:
  static std::filesystem::path root() {
    const char* given = std::getenv("FRESHET_BENCH_DIR");
    return given == nullptr ? std::filesystem::temp_directory_path() : std::filesystem::path(given);
  }
  store::Options options() const {
    store::Options options;
    options.directory = path_.string();
    return options;
  }

  std::filesystem::path path_;
  store::Database database_;
};

/// One caller that waits for each acknowledgment; range(0) records per append.
void embedded_append(benchmark::State& state) {
  Disk disk;
  store::Journal journal(disk.database());
  const SystemClock clock;
  Metrics metrics;
  ingest::EmbeddedLog log(journal, {}, {}, clock, metrics);
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto values = clicks(count, 5'000);
  for (auto _ : state) {
    std::vector<ingest::LogEntry> entries;
    entries.reserve(count);
    for (const std::string& value : values) entries.push_back({"user", value});
    std::promise<bool> promise;
    log.append(std::move(entries), [&](const Result<Positions>& end) { promise.set_value(end.has_value()); });
    if (!promise.get_future().get()) state.SkipWithError("append failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(embedded_append)->Arg(1)->Arg(100)->Arg(1000)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// A history writer that reads a full journal from its beginning.
void catch_up(benchmark::State& state) {
  constexpr std::size_t kEvents = 500'000;
  log::configure(log::Level::warn, log::Format::text);
  const auto values = clicks(kEvents, 50'000);
  for (auto _ : state) {
    Disk disk;
    store::Journal journal(disk.database());
    std::vector<store::JournalRecord> records;
    for (std::size_t i = 0; i < kEvents; ++i) {
      records.push_back({0, timestamp_from_ms(kStart + 1'000'000'000), "user", values[i]});
      if (records.size() == 10'000) {
        if (!journal.append(records)) state.SkipWithError("append failed");
        records.clear();
      }
    }
    const SystemClock clock;
    Metrics metrics;
    ingest::EmbeddedLog log(journal, {}, {}, clock, metrics);
    store::HistoryStore store(disk.database());
    Watermark visible;
    store::TransientHistories transient({}, clock, metrics);
    ingest::HistoryWriter writer(log, store, transient, visible, {}, {}, metrics);

    std::promise<void> caught_up;
    visible.wait_for({{0, kEvents}}, [&] { caught_up.set_value(); });
    const auto start = std::chrono::steady_clock::now();
    std::jthread thread([&](std::stop_token stop) { writer.run(std::move(stop)); });
    caught_up.get_future().wait();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kEvents));
}
BENCHMARK(catch_up)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();

// Prequential evaluation of the learner on a recorded stream: quality per part, events/s, memory per part.
//   freshet_learner_bench [--limit EVENTS] FILE.tsv.gz|-      (columns: session item unix_seconds ...)
#include <zlib.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "online/model.h"
#include "online/torch/parts.h"

namespace {

using namespace freshet;
using Steady = std::chrono::steady_clock;

struct Arguments {
  std::string file;
  std::size_t limit = SIZE_MAX;
  online::Options options;
};

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--limit" && i + 1 < argc) {
      arguments.limit = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--replay" && i + 1 < argc) {
      arguments.options.lstm.replay_per_batch = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--batch" && i + 1 < argc) {
      arguments.options.lstm.batch_examples = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--no-lstm") {
      arguments.options.lstm.enabled = false;
    } else {
      arguments.file = argument;
    }
  }
  if (arguments.file.empty()) {
    std::fprintf(stderr,
                 "usage: %s [--limit EVENTS] [--no-lstm] [--replay EXAMPLES] [--batch EXAMPLES] FILE.tsv.gz|-\n",
                 argv[0]);
    std::exit(2);
  }
  return arguments;
}

// Reads plain or gzip.
std::vector<Event> read_stream(const Arguments& arguments) {
  gzFile file = arguments.file == "-" ? gzdopen(0, "rb") : gzopen(arguments.file.c_str(), "rb");
  if (file == nullptr) {
    std::fprintf(stderr, "cannot open %s\n", arguments.file.c_str());
    std::exit(2);
  }
  std::vector<Event> events;
  std::array<char, 4096> line{};
  while (events.size() < arguments.limit && gzgets(file, line.data(), line.size()) != nullptr) {
    const std::string_view text(line.data());
    const std::size_t first = text.find('\t'), second = text.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    std::int64_t seconds = 0;
    std::from_chars(text.data() + second + 1, text.data() + text.size(), seconds);
    Event event;
    event.session = text.substr(0, first);
    event.item = text.substr(first + 1, second - first - 1);
    event.time = timestamp_from_ms(seconds * 1000);
    events.push_back(std::move(event));
  }
  gzclose(file);
  return events;
}

struct Sums {
  double events = 0, hits = 0, reciprocal = 0, gain = 0;

  void record(std::optional<std::size_t> rank) {
    events += 1;
    if (!rank || *rank > online::kRankCutoff) return;
    hits += 1;
    reciprocal += 1.0 / static_cast<double>(*rank);
    gain += 1.0 / std::log2(1.0 + static_cast<double>(*rank));
  }
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  const std::vector<Event> events = read_stream(arguments);
  const online::Options& options = arguments.options;
  online::Model model(options, online::make_parts(options));
  const std::vector<std::string> names = model.part_names();

  // Tenths are of the scored events, which are known only at the end.
  std::vector<std::vector<std::uint8_t>> ranks(names.size());
  const auto start = Steady::now();
  for (const Event& event : events) {
    const auto& outcome = model.learn(event);
    if (!outcome.scored) continue;
    for (std::size_t p = 0; p < names.size(); ++p) {
      ranks[p].push_back(outcome.ranks[p] && *outcome.ranks[p] <= 20 ? static_cast<std::uint8_t>(*outcome.ranks[p])
                                                                     : 0);
    }
  }
  const double seconds = std::chrono::duration<double>(Steady::now() - start).count();

  const std::size_t scored = ranks[0].size();
  std::printf("%zu events, %zu scored, seed %llu: %.0f events/s, %.1f us/event\n", events.size(), scored,
              static_cast<unsigned long long>(options.seed), static_cast<double>(events.size()) / seconds,
              seconds * 1e6 / static_cast<double>(events.size()));
  std::printf("%-14s %27s %27s\n", "", "whole: HR@20  MRR@20 NDCG@20", "last tenth: HR@20 MRR@20 NDCG@20");
  for (std::size_t p = 0; p < names.size(); ++p) {
    Sums whole, last;
    for (std::size_t i = 0; i < scored; ++i) {
      const auto rank = ranks[p][i] == 0 ? std::nullopt : std::optional<std::size_t>(ranks[p][i]);
      whole.record(rank);
      if (i >= scored - scored / 10) last.record(rank);
    }
    std::printf("%-14s %13.4f %7.4f %7.4f %13.4f %7.4f %7.4f\n", names[p].c_str(), whole.hits / whole.events,
                whole.reciprocal / whole.events, whole.gain / whole.events, last.hits / last.events,
                last.reciprocal / last.events, last.gain / last.events);
  }
  for (const auto& [name, bytes] : model.memory_bytes()) {
    std::printf("memory %-14s %8.1f MiB\n", name.c_str(), static_cast<double>(bytes) / (1 << 20));
  }
}

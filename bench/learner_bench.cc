// Learns a recorded stream as the service would, every event scored before it is learned, and prints how well and how
// fast: freshet_learner_bench FILE [LIMIT] [SESSION_GAP_SECONDS] [PART,PART,...]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "bench/recorded_stream.h"
#include "online/model.h"
#include "online/torch/parts.h"

namespace {

using namespace freshet;

struct Sums {
  double events = 0, hits = 0, reciprocal = 0;
  void add(std::optional<std::size_t> rank) {
    events += 1;
    if (!rank || *rank > online::kRankCutoff) return;
    hits += 1;
    reciprocal += 1.0 / static_cast<double>(*rank);
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FILE [LIMIT] [SESSION_GAP_SECONDS] [PART,PART,...]\n", argv[0]);
    return 2;
  }
  const std::size_t limit = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : SIZE_MAX;
  online::Options options;
  if (argc > 3) options.session_gap = std::chrono::seconds(std::atoi(argv[3]));
  auto parts = online::make_parts(options);
  if (argc > 4) {
    std::set<std::string, std::less<>> wanted;
    std::stringstream list(argv[4]);
    for (std::string name; std::getline(list, name, ',');) wanted.insert(name);
    std::erase_if(parts, [&](const auto& part) { return !wanted.contains(part->live().name()); });
  }

  std::vector<Event> events;
  bench::read_recorded(argv[1], limit, [&](const Event& event) { events.push_back(event); });
  online::Model model(options, std::move(parts));
  const auto names = model.part_names();
  std::vector<Sums> whole(names.size()), last_tenth(names.size());
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& outcome = model.learn(events[i]);
    if (!outcome.scored) continue;
    for (std::size_t part = 0; part < names.size(); ++part) {
      whole[part].add(outcome.ranks[part]);
      if (i * 10 >= events.size() * 9) last_tenth[part].add(outcome.ranks[part]);
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::printf("%zu events, %.0f scored, %.1f s, %.0f events/s\n", events.size(), whole[0].events, seconds,
              static_cast<double>(events.size()) / seconds);
  std::printf("%-14s %18s %18s\n", "part", "whole HR20/MRR20", "last tenth");
  for (std::size_t part = 0; part < names.size(); ++part) {
    const auto show = [](const Sums& sums) { std::printf("   %.4f / %.4f", sums.hits / sums.events, sums.reciprocal / sums.events); };
    std::printf("%-14s", names[part].c_str());
    show(whole[part]);
    show(last_tenth[part]);
    std::printf("\n");
  }
  for (const auto& [part, bytes] : model.memory_bytes()) {
    std::printf("memory %-14s %8.1f MiB\n", part.c_str(), static_cast<double>(bytes) / 1048576.0);
  }
}

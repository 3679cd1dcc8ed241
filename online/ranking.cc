#include "online/ranking.h"

#include <algorithm>
#include <numeric>

namespace freshet::online {
namespace {

std::size_t feature_count(Parts parts) {
  std::size_t count = 0;
  for (const Scorer* part : parts) count += part->features().size();
  return count;
}

}  // namespace

std::vector<std::string> feature_names(Parts parts) {
  std::vector<std::string> names;
  for (const Scorer* part : parts) {
    for (const std::string_view feature : part->features()) {
      names.push_back(std::string(part->name()) + "." + std::string(feature));
    }
  }
  return names;
}

void propose(Parts parts, const Context& context, std::size_t per_part, Ranking& ranking) {
  ranking.proposals.resize(parts.size());
  ranking.sources.clear();
  ranking.slots.clear();
  for (std::size_t p = 0; p < parts.size(); ++p) {
    std::vector<Candidate>& proposal = ranking.proposals[p];
    proposal.clear();
    parts[p]->propose(context, per_part, proposal);
    for (const Candidate& candidate : proposal) {
      const std::uint32_t slot = ranking.slots.insert(candidate.item);
      if (slot == ranking.sources.size()) ranking.sources.push_back(0);
      ranking.sources[slot] |= 1U << p;
    }
  }
  ranking.items = ranking.slots.keys();
}

void extract_features(Parts parts, const Context& context, Ranking& ranking) {
  const std::size_t stride = feature_count(parts);
  ranking.features.resize(ranking.items.size() * stride);
  std::size_t column = 0;
  for (const Scorer* part : parts) {
    part->score(context, ranking.items, {ranking.features.data() + column, stride});
    column += part->features().size();
  }
}

void blend(const BlenderWeights& weights, Ranking& ranking) {
  ranking.scores.resize(ranking.items.size());
  weights.score(ranking.features, ranking.scores);
}

std::vector<std::size_t> top_k(std::span<const float> scores, std::size_t k) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto better = [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  };
  const std::size_t count = std::min(k, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(), better);
  order.resize(count);
  return order;
}

}  // namespace freshet::online

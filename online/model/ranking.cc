#include "online/model/ranking.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

std::size_t feature_count(Parts parts) {
  return std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                         [](std::size_t sum, const Scorer* part) { return sum + part->features().size(); });
}

}  // namespace

const UserNeighbors* Snapshot::user_neighbors() const {
  for (const auto& part : parts) {
    if (const auto* neighbors = dynamic_cast<const UserNeighbors*>(part.get())) return neighbors;
  }
  return nullptr;
}

std::vector<std::string> feature_names(Parts parts) {
  std::vector<std::string> names;
  for (const Scorer* part : parts) {
    for (const std::string_view feature : part->features()) {
      names.push_back(std::string(part->name()) + "." + std::string(feature));
    }
  }
  return names;
}

void ask(Parts parts, const Context& context, Ranking& ranking) {
  if (ranking.queries.size() < parts.size()) ranking.queries.resize(parts.size());
  for (std::size_t p = 0; p < parts.size(); ++p) parts[p]->ask(context, ranking.queries[p]);
}

void propose(Parts parts, std::size_t per_part, Ranking& ranking) {
  FRESHET_CHECK(parts.size() <= 32 && parts.size() <= ranking.queries.size());
  ranking.row_of.clear();
  ranking.items.clear();
  ranking.sources.clear();
  ranking.proposals.resize(parts.size());
  for (std::size_t p = 0; p < parts.size(); ++p) {
    auto& candidates = ranking.proposals[p].candidates;
    candidates.clear();
    ranking.queries[p]->propose(per_part, candidates);
    for (const Candidate& candidate : candidates) {
      const auto fresh = static_cast<std::uint32_t>(ranking.items.size());
      const std::uint32_t at = ranking.row_of.find_or_insert(candidate.item, fresh);
      if (at == fresh) {
        ranking.items.push_back(candidate.item);
        ranking.sources.push_back(0);
      }
      ranking.sources[at] |= std::uint32_t{1} << p;
    }
  }
}

void extract_features(Parts parts, Ranking& ranking) {
  FRESHET_CHECK(parts.size() <= ranking.queries.size());
  const std::size_t stride = feature_count(parts);
  ranking.features.resize(ranking.items.size() * stride);
  std::size_t column = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    ranking.queries[p]->write_features(ranking.items, {ranking.features.data() + column, stride});
    column += parts[p]->features().size();
  }
}

void blend(const BlenderWeights& weights, Ranking& ranking) {
  ranking.scores.resize(ranking.items.size());
  weights.score(ranking.features, ranking.scores);
}

std::vector<std::size_t> top_k(const Ranking& ranking, std::size_t k) {
  thread_local std::vector<ScoredRow> best;
  best.resize(ranking.items.size());
  for (std::uint32_t row = 0; row < best.size(); ++row) best[row] = {row, ranking.scores[row]};
  keep_best(best, k);
  std::vector<std::size_t> rows(best.size());
  std::ranges::transform(best, rows.begin(), &ScoredRow::row);
  return rows;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/model/ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "online/kernels/kernels.h"
#include "online/kernels/simd.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

std::size_t feature_count(Scorers scorers) {
  return std::accumulate(scorers.begin(), scorers.end(), std::size_t{0},
                         [](std::size_t sum, const Scorer* scorer) { return sum + scorer->features().size(); });
}

double log_sum(std::span<const float> logarithms) {
  const double highest = *std::ranges::max_element(logarithms);
  double sum = 0;
  for (const float logarithm : logarithms) sum += std::exp(logarithm - highest);
  return highest + std::log(sum);
}

FRESHET_SIMD void subtract_highest(float* values, std::size_t size) {
  float highest = values[0];
#pragma omp simd reduction(max : highest)
  for (std::size_t i = 0; i < size; ++i) highest = values[i] > highest ? values[i] : highest;
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] -= highest;
}

FRESHET_SIMD float sum_of(const float* values, std::size_t size) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < size; ++i) sum += values[i];
  return sum;
}

/// Adds `worth` times the softmax of the logarithms to the scores. Overwrites the logarithms.
void add_softmax(std::span<float> logarithms, double worth, std::span<float> scores) {
  subtract_highest(logarithms.data(), logarithms.size());
  exponential(logarithms.data(), logarithms.size());
  const float sum = sum_of(logarithms.data(), logarithms.size());
  add_scaled(logarithms.data(), static_cast<float>(worth) / sum, scores.size(), scores.data());
}

/// The part's own scores of the candidates; empty if they are all equal.
std::span<float> own_scores(const Ranking& ranking, std::size_t inputs, std::size_t column) {
  thread_local std::vector<float> own;
  own.resize(ranking.items.size());
  for (std::size_t row = 0; row < own.size(); ++row) own[row] = ranking.features[row * inputs + column];
  const bool equal = std::ranges::adjacent_find(own, std::ranges::not_equal_to()) == own.end();
  return equal ? std::span<float>() : own;
}

/// log(exp(a) + exp(b)); one of them may be -infinity.
double log_add(double a, double b) { return std::max(a, b) + std::log1p(std::exp(std::min(a, b) - std::max(a, b))); }

}  // namespace

const UserNeighbors* Snapshot::user_neighbors() const {
  for (const auto& part : parts) {
    if (const auto* neighbors = dynamic_cast<const UserNeighbors*>(part.get())) return neighbors;
  }
  return nullptr;
}

std::vector<std::string> feature_names(Scorers scorers) {
  std::vector<std::string> names;
  for (const Scorer* scorer : scorers) {
    for (const std::string_view feature : scorer->features()) {
      names.push_back(std::string(scorer->name()) + "." + std::string(feature));
    }
  }
  return names;
}

void ask(Scorers scorers, const Context& context, Ranking& ranking) {
  if (ranking.queries.size() < scorers.size()) ranking.queries.resize(scorers.size());
  for (std::size_t s = 0; s < scorers.size(); ++s) scorers[s]->ask(context, ranking.queries[s]);
}

std::optional<PartPlace> find_part(Scorers scorers, std::string_view name) {
  const auto found = std::ranges::find(scorers, name, [](const Scorer* scorer) { return scorer->name(); });
  if (found == scorers.end()) return std::nullopt;
  const auto before = static_cast<std::size_t>(found - scorers.begin());
  return PartPlace{before, {feature_count(scorers.first(before)), (*found)->features().size()}};
}

void propose(Scorers scorers, std::size_t per_part, const AllowedItems* allowed, Ranking& ranking,
             std::uint32_t which) {
  FRESHET_CHECK(scorers.size() <= 32 && scorers.size() <= ranking.queries.size());
  ranking.row_of.clear();
  ranking.items.clear();
  ranking.sources.clear();
  ranking.proposals.resize(scorers.size());
  for (std::size_t s = 0; s < scorers.size(); ++s) {
    auto& candidates = ranking.proposals[s].candidates;
    candidates.clear();
    if ((which >> s & 1U) == 0) continue;
    ranking.queries[s]->propose(per_part, allowed, candidates);
    for (const Candidate& candidate : candidates) {
      const auto fresh = static_cast<std::uint32_t>(ranking.items.size());
      const std::uint32_t at = ranking.row_of.find_or_insert(candidate.item, fresh);
      if (at == fresh) {
        ranking.items.push_back(candidate.item);
        ranking.sources.push_back(0);
      }
      ranking.sources[at] |= std::uint32_t{1} << s;
    }
  }
}

void extract_features(Scorers scorers, Ranking& ranking) {
  FRESHET_CHECK(scorers.size() <= ranking.queries.size());
  const std::size_t stride = feature_count(scorers);
  ranking.features.resize(ranking.items.size() * stride);
  std::size_t column = 0;
  for (std::size_t s = 0; s < scorers.size(); ++s) {
    ranking.queries[s]->write_features(ranking.items, {ranking.features.data() + column, stride});
    column += scorers[s]->features().size();
  }
}

void blend(const BlenderWeights& weights, Ranking& ranking) {
  ranking.scores.resize(ranking.items.size());
  weights.score(ranking.features, ranking.scores);
}

bool blend_with_share(const BlenderWeights& weights, Columns part, double share, Ranking& ranking) {
  const std::span<const float> own = own_scores(ranking, weights.inputs, part.first);
  if (share > 0 && own.empty()) {
    blend(weights, ranking);
    return false;
  }
  const std::size_t rows = ranking.items.size();
  ranking.scores.resize(rows);
  weights.score(ranking.features, ranking.scores, part);
  if (share <= 0) return false;
  const double rest_is = std::log(1 - share) - log_sum(ranking.scores), own_is = std::log(share) - log_sum(own);
  for (std::size_t row = 0; row < rows; ++row) {
    ranking.scores[row] = static_cast<float>(log_add(rest_is + ranking.scores[row], own_is + own[row]));
  }
  return true;
}

Worths::Worths(const ActionWeights& actions, const Values& values) {
  for (const auto& [type, value] : values) {
    const auto head = actions.find(type);
    if (!head || value * actions.rates[*head] == 0) continue;
    heads.push_back(*head);
    each.push_back(value * actions.rates[*head]);
  }
}

bool blend_by_value(const BlenderWeights& weights, const ActionWeights& actions, const Worths& worths,
                    const std::optional<PartShare>& content, Ranking& ranking) {
  const std::size_t rows = ranking.items.size();
  ranking.log_odds.resize(rows);
  ranking.scores.assign(rows, 0.0F);
  if (rows == 0) return false;
  thread_local std::vector<float> of_heads;
  of_heads.resize(worths.heads.size() * rows);
  std::span<float> own;
  if (content) own = own_scores(ranking, weights.inputs, content->part.first);
  const bool left_out = content && (content->share <= 0 || !own.empty());
  const double share = own.empty() ? 0.0 : content->share;
  weights.score(ranking.features, ranking.log_odds, left_out ? content->part : Columns{},
                {&actions, worths.heads, of_heads});
  for (std::size_t h = 0; h < worths.heads.size(); ++h) {
    add_softmax(std::span(of_heads).subspan(h * rows, rows), (1 - share) * worths.each[h], ranking.scores);
  }
  if (share <= 0) return false;
  add_softmax(own, share * std::accumulate(worths.each.begin(), worths.each.end(), 0.0), ranking.scores);
  return true;
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

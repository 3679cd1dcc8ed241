// SPDX-License-Identifier: Apache-2.0
#include "online/measure/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace freshet::online {

Evaluation::Evaluation(std::vector<std::string> parts)
    : parts_(std::move(parts)), ranks_(parts_.size()), covered_(parts_.size()) {}

void Evaluation::record(std::span<const std::optional<std::size_t>> ranks, bool unseen_target,
                        std::size_t prior_clicks) {
  FRESHET_CHECK(ranks.size() == parts_.size());
  for (std::size_t part = 0; part < ranks.size(); ++part) {
    ranks_[part].push_back(static_cast<std::uint8_t>(class_of(ranks[part])));
  }
  unseen_.push_back(unseen_target);
  constexpr std::array<std::size_t, kPriorClicks.size() - 1> kFrom{1, 3, 10};  // of all classes but the first
  prior_clicks_.push_back(static_cast<std::uint8_t>(std::ranges::upper_bound(kFrom, prior_clicks) - kFrom.begin()));
}

void Evaluation::cover(std::size_t part, std::size_t item) {
  std::vector<bool>& items = covered_[part];
  if (items.size() <= item) items.resize(std::max(item + 1, 2 * items.size()));
  items[item] = true;
}

std::size_t Evaluation::unseen() const { return static_cast<std::size_t>(std::ranges::count(unseen_, true)); }

std::size_t Evaluation::unseen_in_tenth(std::size_t tenth) const {
  const auto at = [&](std::size_t event) { return unseen_.begin() + static_cast<std::ptrdiff_t>(event); };
  return static_cast<std::size_t>(std::count(at(begin_of(tenth)), at(begin_of(tenth + 1)), true));
}

RankingScores Evaluation::tenth(std::size_t part, std::size_t tenth) const { return scores(part, {.tenth = tenth}); }

template <typename Visit>
void Evaluation::for_each_in(Stretch stretch, Visit visit) const {
  const std::size_t from = stretch.tenth ? begin_of(*stretch.tenth) : 0;
  const std::size_t to = stretch.tenth ? begin_of(*stretch.tenth + 1) : scored();
  for (std::size_t event = from; event < to; ++event) {
    if (!stretch.prior_clicks || prior_clicks_[event] == *stretch.prior_clicks) visit(event);
  }
}

std::size_t Evaluation::scored_in(Stretch stretch) const {
  std::size_t events = 0;
  for_each_in(stretch, [&](std::size_t) { ++events; });
  return events;
}

std::size_t Evaluation::covered(std::size_t part) const {
  return static_cast<std::size_t>(std::ranges::count(covered_[part], true));
}

RankingScores Evaluation::scores(std::size_t part, Stretch stretch) const {
  RankCounts events_at_rank{};
  for_each_in(stretch, [&](std::size_t event) { ++events_at_rank[ranks_[part][event]]; });
  return scores(events_at_rank);
}

RankingScores Evaluation::scores(const RankCounts& events_at_rank) {
  const std::size_t found = std::accumulate(events_at_rank.begin(), events_at_rank.end(), std::size_t{0});
  const double events = std::max(1.0, static_cast<double>(found));
  RankingScores result;
  result.candidate_recall = static_cast<double>(found - events_at_rank[0]) / events;
  for (std::size_t c = 0; c < kCutoffs.size(); ++c) {
    for (std::size_t rank = 1; rank <= kCutoffs[c]; ++rank) {
      const double share = static_cast<double>(events_at_rank[rank]) / events;
      result.hit_rate[c] += share;
      result.mrr[c] += share / static_cast<double>(rank);
      result.ndcg[c] += share / std::log2(1.0 + static_cast<double>(rank));
    }
  }
  return result;
}

void Evaluation::record_type(const std::string& type, std::span<const std::optional<std::size_t>> ranks) {
  FRESHET_CHECK(ranks.size() == parts_.size());
  auto& counts = of_types_.try_emplace(type, parts_.size()).first->second;
  for (std::size_t part = 0; part < ranks.size(); ++part) ++counts[part][class_of(ranks[part])];
}

std::vector<std::string> Evaluation::types() const {
  std::vector<std::string> types;
  for (const auto& [type, counts] : of_types_) types.push_back(type);
  return types;
}

std::size_t Evaluation::recorded_of(const std::string& type) const {
  const RankCounts& counts = of_types_.at(type).front();
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

RankingScores Evaluation::scores_of(std::size_t part, const std::string& type) const {
  return scores(of_types_.at(type)[part]);
}

}  // namespace freshet::online

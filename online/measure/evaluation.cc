#include "online/measure/evaluation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace freshet::online {

Evaluation::Evaluation(std::vector<std::string> parts)
    : parts_(std::move(parts)), ranks_(parts_.size()), covered_(parts_.size()) {}

void Evaluation::record(std::span<const std::optional<std::size_t>> ranks, bool unseen_target) {
  FRESHET_CHECK(ranks.size() == parts_.size());
  for (std::size_t part = 0; part < ranks.size(); ++part) {
    ranks_[part].push_back(static_cast<std::uint8_t>(std::min(ranks[part].value_or(0), kCutoffs.back() + 1)));
  }
  unseen_.push_back(unseen_target);
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

RankingScores Evaluation::tenth(std::size_t part, std::size_t tenth) const {
  return scores(part, begin_of(tenth), begin_of(tenth + 1));
}

std::size_t Evaluation::covered(std::size_t part) const {
  return static_cast<std::size_t>(std::ranges::count(covered_[part], true));
}

RankingScores Evaluation::scores(std::size_t part, std::size_t from, std::size_t to) const {
  std::array<std::size_t, kCutoffs.back() + 2> events_at_rank{};
  for (std::size_t event = from; event < to; ++event) ++events_at_rank[ranks_[part][event]];
  const double events = std::max(1.0, static_cast<double>(to - from));
  RankingScores result;
  result.candidate_recall = static_cast<double>(to - from - events_at_rank[0]) / events;
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

}  // namespace freshet::online

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace freshet::online {

/// Where lists are cut for their metrics.
inline constexpr std::array<std::size_t, 3> kCutoffs{5, 10, 20};

/// Of one part over a stretch of scored events, per cutoff. An event has one relevant item, so recall is the hit rate
/// and NDCG is 1 / log2(1 + rank).
struct RankingScores {
  std::array<double, kCutoffs.size()> hit_rate{}, mrr{}, ndcg{};
  double candidate_recall = 0;  ///< share of targets that were candidates, whatever their rank
};

/// What a prequential evaluation adds up: ranks per scored event and part, kept to the end, since tenths are known only
/// then. Threads: one. Memory: a byte per scored event and part, a bit per item and part.
class Evaluation {
 public:
  static constexpr std::size_t kTenths = 10;

  explicit Evaluation(std::vector<std::string> parts);

  /// One scored event: `ranks` per part, from 1; nullopt: no candidate.
  void record(std::span<const std::optional<std::size_t>> ranks, bool unseen_target);

  /// The part listed the item with this number among its first kCutoffs.back().
  void cover(std::size_t part, std::size_t item);

  const std::vector<std::string>& parts() const { return parts_; }
  std::size_t scored() const { return unseen_.size(); }
  std::size_t unseen() const;

  RankingScores whole(std::size_t part) const { return scores(part, 0, scored()); }
  /// `tenth` of the scored events, from 0.
  RankingScores tenth(std::size_t part, std::size_t tenth) const;
  std::size_t scored_in_tenth(std::size_t tenth) const { return begin_of(tenth + 1) - begin_of(tenth); }
  std::size_t unseen_in_tenth(std::size_t tenth) const;

  /// Distinct items that the part has listed.
  std::size_t covered(std::size_t part) const;

 private:
  RankingScores scores(std::size_t part, std::size_t from, std::size_t to) const;
  std::size_t begin_of(std::size_t tenth) const { return scored() * tenth / kTenths; }

  std::vector<std::string> parts_;
  std::vector<std::vector<std::uint8_t>>
      ranks_;                               // [part][event], 0: no candidate; one more than the last cutoff: beyond it
  std::vector<bool> unseen_;                // [event]
  std::vector<std::vector<bool>> covered_;  // [part][item]
};

}  // namespace freshet::online

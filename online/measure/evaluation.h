// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::online {

/// List lengths at which the metrics are computed.
inline constexpr std::array<std::size_t, 3> kCutoffs{5, 10, 20};

/// Metrics of one part over a range of scored events, for each of kCutoffs. An event has one relevant item, so recall
/// equals the hit rate, and the NDCG of an event is 1 / log2(1 + rank).
struct RankingScores {
  std::array<double, kCutoffs.size()> hit_rate{}, mrr{}, ndcg{};
  double candidate_recall = 0;  ///< share of targets among the candidates, at any rank
};

/// How often a target had been clicked before: "0", "1-2", "3-9", "10+".
inline constexpr std::array<std::string_view, 4> kPriorClicks{"0", "1-2", "3-9", "10+"};

/// Collects the ranks of a prequential evaluation. All ranks are kept, because the tenths of a stream are known only at
/// its end.
/// Threads: one.
/// Cost:    a byte of memory per scored event and part, and one for its prior clicks; a bit per item and part.
class Evaluation {
 public:
  static constexpr std::size_t kTenths = 10;

  explicit Evaluation(std::vector<std::string> parts);

  /// Records one scored event: the target's rank per part, from 1 (nullopt: the target was no candidate), whether the
  /// target was unknown, and how often it had been clicked before.
  void record(std::span<const std::optional<std::size_t>> ranks, bool unseen_target, std::size_t prior_clicks = 0);

  /// Records an event of this type on an item that had these ranks: in the list before it, or, if its session was at the
  /// item already, in the list by which it came there.
  void record_type(const std::string& type, std::span<const std::optional<std::size_t>> ranks);

  /// Records that the part listed this item among its first kCutoffs.back(), for covered().
  void cover(std::size_t part, std::size_t item);

  const std::vector<std::string>& parts() const { return parts_; }
  std::size_t scored() const { return unseen_.size(); }
  /// Number of scored events whose target was unknown.
  std::size_t unseen() const;

  RankingScores whole(std::size_t part) const { return scores(part, {}); }
  /// `tenth`: from 0 to kTenths - 1.
  RankingScores tenth(std::size_t part, std::size_t tenth) const;
  std::size_t scored_in_tenth(std::size_t tenth) const { return begin_of(tenth + 1) - begin_of(tenth); }
  std::size_t unseen_in_tenth(std::size_t tenth) const;

  /// Some of the scored events.
  struct Stretch {
    std::optional<std::size_t> tenth = {};         ///< from 0 to kTenths - 1; nullopt: the whole stream
    std::optional<std::size_t> prior_clicks = {};  ///< index into kPriorClicks; nullopt: all targets
  };
  RankingScores scores(std::size_t part, Stretch stretch) const;
  std::size_t scored_in(Stretch stretch) const;

  /// Events by type, in order of the types' names.
  std::vector<std::string> types() const;
  std::size_t recorded_of(const std::string& type) const;
  RankingScores scores_of(std::size_t part, const std::string& type) const;

  /// Number of distinct items that the part has listed (catalogue coverage).
  std::size_t covered(std::size_t part) const;

 private:
  /// Number of events by rank: 0: no candidate; last cutoff + 1: beyond the cutoffs.
  using RankCounts = std::array<std::size_t, kCutoffs.back() + 2>;
  static std::size_t class_of(std::optional<std::size_t> rank) {
    return std::min(rank.value_or(0), kCutoffs.back() + 1);
  }
  static RankingScores scores(const RankCounts& events_at_rank);

  /// Calls visit(event) for the events of the stretch.
  template <typename Visit>
  void for_each_in(Stretch stretch, Visit visit) const;
  std::size_t begin_of(std::size_t tenth) const { return scored() * tenth / kTenths; }

  std::vector<std::string> parts_;
  std::vector<std::vector<std::uint8_t>> ranks_;             // [part][event]; as in RankCounts
  std::vector<bool> unseen_;                                 // [event]
  std::vector<std::uint8_t> prior_clicks_;                   // [event]; index into kPriorClicks
  std::vector<std::vector<bool>> covered_;                   // [part][item]
  std::map<std::string, std::vector<RankCounts>> of_types_;  // [part]
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace freshet::online {

/// Hit rate, MRR and NDCG of one part at kRankCutoff: over all scored events, and over about the last kRecentEvents
/// (older ones decay exponentially). An event has one relevant item, so its NDCG is 1 / log2(1 + rank).
struct Quality {
  double events = 0, hit_rate = 0, mrr = 0, ndcg = 0;
  double recent_hit_rate = 0, recent_mrr = 0, recent_ndcg = 0;
};

inline constexpr std::size_t kRankCutoff = 20;
inline constexpr double kRecentEvents = 10'000;

/// Recent MRR of the blend (the last element) minus that of the best part (the others). Below 0, that part alone would
/// recommend better.
double blend_advantage(std::span<const Quality> parts_then_blend);

/// Progressive validation ("test, then train"): records the rank of every event's item in every part's list before the
/// event is learned (Blum, Kalai and Langford, "Beating the hold-out", COLT 1999).
/// Threads: learner thread only.
class ProgressiveValidation {
 public:
  explicit ProgressiveValidation(std::size_t parts);

  /// Records one scored event. `rank`: from 1; nullopt if the part did not list the item.
  void record(std::size_t part, std::optional<std::size_t> rank);

  /// All zero before the first event.
  Quality quality(std::size_t part) const;

  /// The sums of some parts.
  void save(ByteWriter& out, std::span<const std::size_t> parts) const;
  /// Errors: corrupt.
  Result<void> load(ByteReader& in, std::span<const std::size_t> parts);

 private:
  struct Sums {
    double events = 0, hits = 0, reciprocal = 0, gain = 0;
    double recent_events = 0, recent_hits = 0, recent_reciprocal = 0, recent_gain = 0;
  };
  std::vector<Sums> sums_;
};

}  // namespace freshet::online

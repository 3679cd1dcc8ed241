// SPDX-License-Identifier: Apache-2.0
#include "online/measure/progressive.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {

double blend_advantage(std::span<const Quality> parts_then_blend) {
  const auto parts = parts_then_blend.first(parts_then_blend.size() - 1);
  return parts_then_blend.back().recent_mrr - std::ranges::max(parts, {}, &Quality::recent_mrr).recent_mrr;
}

ProgressiveValidation::ProgressiveValidation(std::size_t parts) : sums_(parts) {}

void ProgressiveValidation::record(std::size_t part, std::optional<std::size_t> rank) {
  const bool hit = rank && *rank <= kRankCutoff;
  const double reciprocal = hit ? 1.0 / static_cast<double>(*rank) : 0.0;
  const double gain = hit ? 1.0 / std::log2(1.0 + static_cast<double>(*rank)) : 0.0;
  Sums& sums = sums_[part];
  sums.events += 1;
  sums.hits += hit;
  sums.reciprocal += reciprocal;
  sums.gain += gain;
  constexpr double kKeep = 1.0 - 1.0 / kRecentEvents;
  sums.recent_events = sums.recent_events * kKeep + 1;
  sums.recent_hits = sums.recent_hits * kKeep + hit;
  sums.recent_reciprocal = sums.recent_reciprocal * kKeep + reciprocal;
  sums.recent_gain = sums.recent_gain * kKeep + gain;
}

Quality ProgressiveValidation::quality(std::size_t part) const {
  const Sums& sums = sums_[part];
  if (sums.events == 0) return {};
  return {sums.events,
          sums.hits / sums.events,
          sums.reciprocal / sums.events,
          sums.gain / sums.events,
          sums.recent_hits / sums.recent_events,
          sums.recent_reciprocal / sums.recent_events,
          sums.recent_gain / sums.recent_events};
}

void ProgressiveValidation::save(ByteWriter& out, std::span<const std::size_t> parts) const {
  for (const std::size_t part : parts) {
    const Sums& sums = sums_[part];
    for (const double value : {sums.events, sums.hits, sums.reciprocal, sums.gain, sums.recent_events, sums.recent_hits,
                               sums.recent_reciprocal, sums.recent_gain}) {
      out.fixed(value);
    }
  }
}

Result<void> ProgressiveValidation::load(ByteReader& in, std::span<const std::size_t> parts) {
  for (const std::size_t part : parts) {
    Sums& sums = sums_[part];
    for (double* value : {&sums.events, &sums.hits, &sums.reciprocal, &sums.gain, &sums.recent_events,
                          &sums.recent_hits, &sums.recent_reciprocal, &sums.recent_gain}) {
      *value = in.fixed<double>();
    }
  }
  if (!in.ok()) return Error{Errc::corrupt, "progressive validation: not a saved state"};
  return {};
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/model/scoring_share.h"

#include <algorithm>
#include <numbers>

namespace freshet::online {
namespace {

constexpr double kMemory = 1000;  // number of events over which the time per event is averaged

}  // namespace

void ScoringShare::learned(std::size_t events, Seconds took) {
  const auto count = static_cast<double>(events);
  per_event_ += (took - count * per_event_) / (count + kMemory);
}

void ScoringShare::behind(std::int64_t events) {
  const Seconds work = static_cast<double>(events) * per_event_;
  share_ = work <= score_all_within_ ? 1 : std::max(least_, score_all_within_ / work);
}

/// Multiples of the golden ratio are evenly distributed in [0, 1), and so is every nth of them. So every type and user
/// gets the same share, even if they alternate regularly in the stream.
bool ScoringShare::next() {
  phase_ += std::numbers::phi - 1;
  if (phase_ >= 1) phase_ -= 1;
  return phase_ < share_;
}

}  // namespace freshet::online

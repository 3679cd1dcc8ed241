// SPDX-License-Identifier: Apache-2.0
#include "online/parts/nearest_sessions.h"

#include <algorithm>

#include "base/check.h"

namespace freshet::online {

std::span<const NearestSessions::Neighbor> NearestSessions::find(
    std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted) {
  FRESHET_CHECK(holders.size() <= kMaxAsked);
  asked_ = holders.size();
  for (std::size_t i = 0; i < asked_; ++i) {
    const std::size_t bit = std::size_t{1} << i;
    for (std::size_t s = 0; s < bit; ++s) weights_[bit | s] = static_cast<std::uint8_t>(weights_[s] + asked_ - i);
  }
  collect(holders, wanted);

  const std::size_t found = sessions_.size(), least = least_weight(wanted);
  nearest_.resize(std::max(nearest_.size(), found + 1));
  equal_.resize(std::max(equal_.size(), found + 1));
  std::size_t nearer = 0, equal = 0;
  for (std::size_t n = 1; n <= found; ++n) {
    const std::size_t weight = weights_[shared_[n]];
    nearest_[nearer] = equal_[equal] = {sessions_.key(n), shared_[n]};
    nearer += weight > least ? 1 : 0;
    equal += weight == least ? 1 : 0;
  }
  const std::size_t places = wanted - nearer;
  if (equal > places) {
    const auto next = equal_.begin() + static_cast<std::ptrdiff_t>(places);
    std::nth_element(equal_.begin(), next, equal_.begin() + static_cast<std::ptrdiff_t>(equal),
                     [](const Neighbor& a, const Neighbor& b) { return a.age < b.age; });
    equal = places + 1;
  }
  std::copy_n(equal_.begin(), equal, nearest_.begin() + static_cast<std::ptrdiff_t>(nearer));
  return {nearest_.data(), nearer + equal};
}

// Finds all sessions that can be among the nearest, and what they share.
void NearestSessions::collect(std::span<const std::span<const std::uint32_t>> holders, std::size_t wanted) {
  std::size_t most = 0;
  for (const auto& ages : holders) most += ages.size();
  sessions_.start(most);
  shared_.resize(std::max(shared_.size(), most + 2));
  // Once more sessions than wanted weigh at least `sure`, and the items that are left weigh less in all, a new session
  // cannot be among the nearest (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", IPM
  // 1995).
  std::size_t left = weights_[(std::size_t{1} << asked_) - 1], sure = 0;
  for (std::size_t i = 0; i < asked_; ++i) {
    const bool may_add = sure <= left;
    for (const std::uint32_t age : holders[i]) {
      shared_[sessions_.size() + 1] = 0;  // used if the session is new
      shared_[sessions_.insert(age, may_add)] |= static_cast<std::uint16_t>(1U << i);
    }
    if (sure == 0 && sessions_.size() > wanted) sure = asked_ - i;
    left -= asked_ - i;
  }
}

// The least weight that at most `wanted` sessions exceed. There are few different weights, so it counts instead of
// sorting.
std::size_t NearestSessions::least_weight(std::size_t wanted) const {
  // Four counters in turn, so that an increment does not wait for the last one.
  std::array<std::array<std::uint32_t, 4>, kMaxWeight + 1> counts{};
  for (std::size_t n = 1; n <= sessions_.size(); ++n) ++counts[weights_[shared_[n]]][n % 4];
  std::size_t weight = kMaxWeight, nearer = 0;
  for (; weight > 1; --weight) {
    for (const std::uint32_t count : counts[weight]) nearer += count;
    if (nearer > wanted) break;
  }
  return weight;
}

}  // namespace freshet::online

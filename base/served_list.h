// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_value.h"

namespace freshet {

/// A list that a user or session was shown, as its record in the event log says ("$served", docs/feedback.md). Owner and
/// time are those of the Event.
struct ServedList {
  struct Entry {
    std::string item;
    float score = 0;  ///< rounded_score()
    float propensity =
        1;  ///< probability of this item at this position, given those above it; below 1: it came by chance

    bool operator==(const Entry&) const = default;
  };

  std::string request;  ///< the list's id: Event::request of what it leads to
  std::string page_of;  ///< of a later page: `request` of the first one; else empty
  std::string placement = std::string(kDefaultPlacement);
  std::string arm;  ///< of an experiment; may be empty
  std::string policy = std::string(kGreedyPolicy);
  std::uint64_t model = 0;     ///< version of the snapshot that made it
  std::vector<Entry> entries;  ///< best first; at least one

  static constexpr std::string_view kDefaultPlacement = "default";
  static constexpr std::string_view kGreedyPolicy = "greedy";

  bool operator==(const ServedList&) const = default;
};

using SharedServedList = SharedValue<ServedList>;

inline constexpr std::size_t kMaxNameBytes = 64;  ///< of a placement, an arm, a policy
inline constexpr std::size_t kMaxServedItems = 10'000;

/// True for 1 to kMaxNameBytes lower-case letters, digits, '-' and '_'.
bool is_placement(std::string_view text);

/// `score` with three significant digits: what the record has of it.
float rounded_score(float score);

}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

/// What a propensity is a probability of.
enum class PropensityKind {
  step,      ///< of the action given the actions above it in the list
  marginal,  ///< of the action at its position, whatever is above it
};

/// A round as a policy finds it when it chooses. The round's own action and what followed are for its probability only.
struct Choice {
  const LoggedList& list;
  const LoggedRound& round;
  std::span<const std::uint32_t> above;  ///< actions above it, which are not put again; empty for marginal propensities
};

/// Calls visit(index of the list, choice) for every round of the log, in order.
template <typename Visit>
void for_each_choice(const LoggedFeedback& log, PropensityKind kind, Visit visit) {
  std::vector<std::uint32_t> above;
  for (std::size_t list = 0; list < log.lists.size(); ++list) {
    above.clear();
    for (const LoggedRound& round : log.rounds_of(log.lists[list])) {
      visit(list, Choice{log.lists[list], round, above});
      if (kind == PropensityKind::step) above.push_back(round.action);
    }
  }
}

}  // namespace freshet::online

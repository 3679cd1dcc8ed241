// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "online/kernels/simd.h"

namespace freshet::online {

/// One head per action (`view`, `cart`, `purchase`, ...) over the hidden layer of a blender. With x the standardized
/// features of a candidate and h its hidden units, the log-odds that it is the item to which an action happens are
/// those of the blend, plus linear . x + w2 . h of the head: one that has learned nothing orders as the blend does.
/// Threads: any; immutable once published.
struct ActionWeights {
  std::size_t inputs = 0;
  std::size_t hidden = 0;
  std::vector<std::string> names;   ///< of the actions: types of events
  AlignedVector<float> linear, w2;  ///< [actions][inputs], [actions][hidden]
  std::vector<double> rates;        ///< [actions]: how often a list leads to it; of kDwell, to how much of it

  /// The action whose events' values are predicted, seconds for example, not how many there are.
  static constexpr std::string_view kDwell = "dwell";

  std::optional<std::size_t> find(std::string_view name) const {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
  }
};

}  // namespace freshet::online

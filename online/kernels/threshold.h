// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace freshet::online {

/// A threshold that at least `count` of the values reach, and rarely more than 1.25 * `count`; -inf if fewer than
/// `count` values are within 32 (log-odds) of the largest. Bisects instead of sorting, because counting is branch-free.
/// REQUIRES: `values` is not empty
/// Cost:     at most 16 passes over the values, usually a few.
float threshold_for(std::span<const float> values, std::size_t count);

}  // namespace freshet::online

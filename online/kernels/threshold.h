#pragma once

#include <cstddef>
#include <span>

namespace freshet::online {

/// A threshold that at least `count` of the values reach, and seldom more than a quarter more: by bisection, since
/// counting has no branches to guess, as sorting has. -inf if fewer than `count` are within 32 (log-odds) of the
/// largest. REQUIRES: there are values Cost: a few passes over the values.
float threshold_for(std::span<const float> values, std::size_t count);

}  // namespace freshet::online

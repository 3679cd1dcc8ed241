// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "base/clock.h"

namespace freshet::online {

/// log2(1 + hours), by which the parts discount what is `ago`. 0 for the future.
inline float log_hours(std::chrono::milliseconds ago) {
  return std::log2(1.0F + static_cast<float>(std::max(0.0, static_cast<double>(ago.count()) / kMsPerHour)));
}

/// Half-lives, configured in hours, in the unit of event times.
inline std::vector<double> hours_to_ms(std::vector<double> hours) {
  for (double& value : hours) value *= kMsPerHour;
  return hours;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace freshet::testing {

/// The derivative of `loss()`, which depends on `value`, by central differences.
template <typename Loss>
double slope(float& value, float step, Loss loss) {
  const float before = value;
  value = before + step;
  const double above = loss();
  value = before - step;
  const double below = loss();
  value = before;
  return (above - below) / (2 * static_cast<double>(step));
}

}  // namespace freshet::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace freshet::online {

/// A figure that a part reports about itself, e.g. {"calibration", "auc", 0.8}.
struct Diagnostic {
  std::string_view group;   ///< what is measured; a string literal
  std::string_view metric;  ///< which figure of it; a string literal
  double value = 0;
};

}  // namespace freshet::online

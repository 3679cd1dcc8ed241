// SPDX-License-Identifier: Apache-2.0
#include "base/served_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace freshet {

bool is_placement(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

float rounded_score(float score) {
  if (!std::isfinite(score)) return 0;
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), score, std::chars_format::general, 3).ptr;
  float rounded = 0;
  const auto read = std::from_chars(digits.data(), end, rounded);
  return read.ec == std::errc{} && rounded != 0 ? rounded : 0;  // not -0
}

}  // namespace freshet

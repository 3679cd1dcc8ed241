// SPDX-License-Identifier: Apache-2.0
#include "base/suggestion.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

namespace freshet {
namespace {

/// Levenshtein distance with transpositions of adjacent letters (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(row);
  }
  return previous[b.size()];
}

/// A cheap lower bound of edit_distance(): the number of letters of the longer word that are not in the other.
std::size_t letters_apart(std::string_view a, std::string_view b) {
  std::array<std::uint8_t, 256> left{};
  for (const char c : a) ++left[static_cast<unsigned char>(c)];
  std::size_t common = 0;
  for (const char c : b) {
    if (auto& of_it = left[static_cast<unsigned char>(c)]; of_it > 0) --of_it, ++common;
  }
  return std::max(a.size(), b.size()) - common;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  word = word.substr(0, 200);
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 2);
  for (const std::string& candidate : known) {
    if (letters_apart(word, candidate) >= least) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace freshet

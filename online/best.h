#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "online/part.h"

namespace freshet::online {

/// The one order of candidates: higher score first, ties by lower item number.
inline bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

/// Keeps the best k of the candidates, in no order. Cost: O(n).
inline void cut_to_best(std::vector<Candidate>& candidates, std::size_t k) {
  if (candidates.size() <= k) return;
  const auto cut = candidates.begin() + static_cast<std::ptrdiff_t>(k);
  std::nth_element(candidates.begin(), cut, candidates.end(), better);
  candidates.erase(cut, candidates.end());
}

/// Keeps the best k of the candidates, best first. Cost: O(n + k log k).
inline void keep_best(std::vector<Candidate>& candidates, std::size_t k) {
  cut_to_best(candidates, k);
  std::sort(candidates.begin(), candidates.end(), better);
}

}  // namespace freshet::online

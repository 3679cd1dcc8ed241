#pragma once

#include <cstddef>
#include <vector>

#include "online/part/part.h"

namespace freshet::online {

/// The one order of candidates: higher score first, ties by lower item number. Scores are not NaN.
inline bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

/// Keeps the best k of the candidates, in no order.
/// REQUIRES: no item twice
/// Cost:     O(n)
void cut_to_best(std::vector<Candidate>& candidates, std::size_t k);

/// The same, best first.
/// Cost:     O(n + k log k)
void keep_best(std::vector<Candidate>& candidates, std::size_t k);

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/part/part.h"

namespace freshet::online {

/// The one order of candidates: higher score first, ties by lower item number. Scores are not NaN.
inline bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

/// A row of a table and its score.
struct ScoredRow {
  std::uint32_t row = 0;
  float score = 0.0F;
};

/// Keeps the best k of the candidates, in no order. For Candidate and for ScoredRow, whose rows are ordered as items.
/// REQUIRES: no item twice
/// Cost:     O(n)
template <typename Scored>
void cut_to_best(std::vector<Scored>& candidates, std::size_t k);

/// The same, best first.
/// Cost:     O(n + k log k)
template <typename Scored>
void keep_best(std::vector<Scored>& candidates, std::size_t k);

}  // namespace freshet::online

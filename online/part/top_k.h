// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/part/candidate.h"

namespace freshet::online {

/// The one order of candidates: higher score first, ties by lower item number. Scores are not NaN.
inline bool better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.item < b.item;
}

/// A row of a table, and its score; higher is better.
struct ScoredRow {
  std::uint32_t row = 0;
  float score = 0.0F;
};

/// Keeps the best k candidates, in no particular order. Scored is Candidate or ScoredRow; ties go to the lower item or
/// row number.
/// REQUIRES: no item twice
/// Threads:  any.
/// Cost:     O(n)
template <typename Scored>
void cut_to_best(std::vector<Scored>& candidates, std::size_t k);

/// As cut_to_best(), but best first.
/// Cost:     O(n + k log k)
template <typename Scored>
void keep_best(std::vector<Scored>& candidates, std::size_t k);

}  // namespace freshet::online

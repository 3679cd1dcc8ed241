// SPDX-License-Identifier: Apache-2.0
#include "online/part/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace freshet::online {
namespace {

bool same(const std::vector<Candidate>& a, const std::vector<Candidate>& b) {
  return std::ranges::equal(
      a, b, [](const Candidate& x, const Candidate& y) { return x.item == y.item && x.score == y.score; });
}

// Scores of any sign and size, many of them equal.
std::vector<Candidate> random_candidates(Random& random, std::size_t count) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(random.below(200)) - 100.0F;
    const auto item = static_cast<ItemIndex>(i * 0x9E3779B1U);  // all distinct
    candidates.push_back({item, random.uniform() < 0.5 ? value : std::ldexp(value, static_cast<int>(value))});
  }
  return candidates;
}

TEST(TopK, IsWhatSortingPutsFirst) {
  Random random(1);
  for (const std::size_t count : {0U, 1U, 7U, 50U, 128U, 129U, 1000U}) {
    for (const std::size_t k : {0U, 1U, 7U, 50U, 128U, 500U, 2000U}) {
      auto kept = random_candidates(random, count);
      auto expected = kept;
      std::ranges::sort(expected, better);
      expected.resize(std::min(k, count));
      auto cut = kept;
      keep_best(kept, k);
      EXPECT_TRUE(same(kept, expected)) << k << " of " << count;
      cut_to_best(cut, k);
      std::ranges::sort(cut, better);
      EXPECT_TRUE(same(cut, expected)) << k << " of " << count;
    }
  }
}

TEST(TopK, ZerosOfBothSignsAreEqualAndInfinitiesAreAtTheEnds) {
  std::vector<Candidate> candidates{{4, -INFINITY}, {3, 0.0F}, {2, -0.0F}, {1, -1.0F}, {5, INFINITY}, {0, 0.0F}};
  keep_best(candidates, 6);
  const std::vector<Candidate> expected{{5, INFINITY}, {0, 0.0F}, {2, 0.0F}, {3, 0.0F}, {1, -1.0F}, {4, -INFINITY}};
  EXPECT_TRUE(same(candidates, expected));
}

}  // namespace
}  // namespace freshet::online

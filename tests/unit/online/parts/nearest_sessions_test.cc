// SPDX-License-Identifier: Apache-2.0
#include "online/parts/nearest_sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace freshet::online {
namespace {

using Holders = std::vector<std::set<std::uint32_t>>;
using Pair = std::pair<std::uint32_t, std::uint32_t>;  // age, shared

std::vector<Pair> find(NearestSessions& sessions, const Holders& holders, std::size_t wanted) {
  std::vector<std::vector<std::uint32_t>> ages;
  for (const auto& of_item : holders) ages.emplace_back(of_item.rbegin(), of_item.rend());
  const std::vector<std::span<const std::uint32_t>> spans(ages.begin(), ages.end());
  std::vector<Pair> found;
  for (const auto& neighbor : sessions.find(spans, wanted)) found.emplace_back(neighbor.age, neighbor.shared);
  return found;
}

// Every session that holds anything, sorted as the definition says.
std::vector<Pair> sorted_by_definition(const Holders& holders) {
  std::vector<Pair> all;
  for (std::uint32_t age = 0; age < 300; ++age) {
    std::uint32_t shared = 0;
    for (std::size_t i = 0; i < holders.size(); ++i) shared |= holders[i].contains(age) ? 1U << i : 0U;
    if (shared != 0) all.emplace_back(age, shared);
  }
  const auto weight = [&](std::uint32_t shared) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < holders.size(); ++i) sum += (shared >> i & 1U) != 0 ? holders.size() - i : 0;
    return sum;
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Pair& a, const Pair& b) { return weight(a.second) > weight(b.second); });
  return all;
}

TEST(NearestSessions, FindsThoseOfTheDefinitionAndTheNextOneLast) {
  Random random(9);
  NearestSessions sessions;
  for (int round = 0; round < 500; ++round) {
    Holders holders(random.below(NearestSessions::kMaxAsked + 1));
    for (auto& ages : holders) {
      for (std::uint64_t n = random.below(100); n > 0; --n) ages.insert(static_cast<std::uint32_t>(random.below(300)));
    }
    const std::size_t wanted = 1 + random.below(60);
    std::vector<Pair> expected = sorted_by_definition(holders);
    std::vector<Pair> found = find(sessions, holders, wanted);
    if (expected.size() > wanted) {
      expected.resize(wanted + 1);
      ASSERT_EQ(found.back(), expected.back());
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found, expected);
  }
}

TEST(NearestSessions, SimilarityIsInUnitsOfTheFirstItem) {
  NearestSessions sessions;
  find(sessions, {{1}, {1}, {1}, {2}}, 5);
  EXPECT_EQ(sessions.similarity(0b0001), 1.0F);
  EXPECT_EQ(sessions.similarity(0b1000), 0.25F);
  EXPECT_EQ(sessions.similarity(0b0111), 2.25F);
}

}  // namespace
}  // namespace freshet::online

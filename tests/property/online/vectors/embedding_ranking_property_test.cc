// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/embedding_ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/part/top_k.h"
#include "tests/support/chosen_items.h"
#include "tests/support/test_seed.h"

namespace freshet::online {
namespace {

constexpr std::size_t kMaxItems = 4000;

float symmetric(Random& random) { return static_cast<float>(2 * random.uniform() - 1); }

/// A table as a stream would leave it: newer items are more popular, many vectors are equal, some items are forgotten.
void fill(EmbeddingTable& table, std::size_t rows, std::size_t dimension, Random& random) {
  const float newer = static_cast<float>(random.below(8));
  const std::size_t alike = 1 + random.below(4);
  std::vector<float> vector(dimension);
  for (ItemIndex item = 0; item < rows; ++item) {
    bool is_new = false;
    const std::uint32_t row = table.observe(item, is_new);
    if (item % alike == 0) {
      for (float& value : vector) value = symmetric(random);
    }
    table.write(row, vector, 0.1F * symmetric(random));
    table.write_prior(row, newer * static_cast<float>(item) / static_cast<float>(rows) - 12.0F);
  }
  for (std::size_t n = random.below(1 + rows / 10); n > 0; --n) {
    table.forget(static_cast<ItemIndex>(random.below(rows)));
  }
}

std::vector<Candidate> by_brute_force(const EmbeddingView& view, const std::vector<float>& query, std::size_t k,
                                      ItemIndex except, const AllowedItems& allowed) {
  std::vector<Candidate> all;
  for (std::uint32_t row = 0; row < view.rows; ++row) {
    const ItemIndex item = view.scalars(row).item;
    if (item == kNoItem || item == except || !allowed.allows(item)) continue;
    all.push_back({item, dot(query.data(), view.vector(row), view.dimension) + view.offset(row)});
  }
  keep_best(all, k);
  return all;
}

TEST(EmbeddingRanking, NearestItemsAreThoseOfBruteForceInItsOrder) {
  Random random(testing::test_seed(17));
  std::size_t expected = 0, found = 0;
  for (int round = 0; round < 60; ++round) {
    const std::size_t dimension = 16 * (1 + random.below(4));
    const std::size_t rows = 1 + random.below(kMaxItems);
    const std::size_t k = 1 + random.below(100);
    EmbeddingTable table(dimension, kMaxItems, kMaxItems, 1);
    fill(table, rows, dimension, random);
    std::vector<float> query(dimension);
    for (float& value : query) value = symmetric(random);
    const auto except = static_cast<ItemIndex>(random.below(rows));

    // A third of the rounds without limits, the others down to one item in 200.
    const double share = round % 3 == 0 ? 1.0 : std::pow(200.0, -random.uniform());
    const testing::ChosenItems allowed(kMaxItems, share, random);

    std::vector<Candidate> nearest;
    nearest_items(table.live(), query, k, except, round % 3 == 0 ? nullptr : &allowed, nearest);
    const std::vector<Candidate> truth = by_brute_force(table.live(), query, k, except, allowed);

    ASSERT_EQ(nearest.size(), truth.size());
    EXPECT_TRUE(std::ranges::is_sorted(nearest, better));
    std::set<ItemIndex> items;
    for (const Candidate& candidate : nearest) items.insert(candidate.item);
    EXPECT_EQ(items.size(), nearest.size());
    EXPECT_FALSE(items.contains(except));
    expected += truth.size();
    for (const Candidate& candidate : truth) found += items.count(candidate.item);

    testing::ChosenItems listed = allowed;
    listed.list_all();
    std::vector<Candidate> exact;
    nearest_items(table.live(), query, k, except, &listed, exact);
    EXPECT_TRUE(std::ranges::equal(exact, truth, {}, &Candidate::item, &Candidate::item));
  }
  // The items left out scored almost as high as those found: rounding to 4 bits changed their order.
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(expected));
}

TEST(EmbeddingRanking, AnEmptyTableHasNoNearestItems) {
  const EmbeddingTable table(16, 10, 10, 1);
  std::vector<Candidate> nearest;
  nearest_items(table.live(), std::vector<float>(16, 1.0F), 5, kNoItem, nullptr, nearest);
  EXPECT_TRUE(nearest.empty());
}

TEST(EmbeddingRanking, RowsThatAreAllTheSameComeInTheOrderOfTheirItems) {
  EmbeddingTable table(16, kMaxItems, kMaxItems, 1);
  for (ItemIndex item = 0; item < 3000; ++item) {
    bool is_new = false;
    table.write(table.observe(item, is_new), std::vector<float>(16, 0.5F), 0);
  }
  std::vector<Candidate> nearest;
  nearest_items(table.live(), std::vector<float>(16, 1.0F), 3, 0, nullptr, nearest);
  ASSERT_EQ(nearest.size(), 3U);
  for (ItemIndex n = 0; n < 3; ++n) EXPECT_EQ(nearest[n].item, n + 1);
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/row_clusters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <ranges>
#include <vector>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/part/top_k.h"
#include "online/vectors/embedding_ranking.h"
#include "online/vectors/embedding_table.h"
#include "tests/support/chosen_items.h"
#include "tests/support/part_driver.h"
#include "tests/support/test_seed.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 16;

float symmetric(Random& random) { return static_cast<float>(2 * random.uniform() - 1); }

struct Row {
  std::vector<float> vector;
  float offset = 0;
};

/// Rows around a few centers that wander, so that rows change places and clusters come and go.
struct World {
  explicit World(std::uint64_t seed) : random(seed), centers(24, std::vector<float>(kDimension)) {
    for (auto& center : centers) wander(center, 2);
  }

  void wander(std::vector<float>& center, float by) {
    for (float& value : center) value += by * symmetric(random);
  }
  Row row() {
    std::vector<float>& center = centers[random.below(centers.size())];
    if (random.uniform() < 0.01) wander(center, 1);
    Row row{center, 3 * symmetric(random) - 10};
    for (float& value : row.vector) value += 0.3F * symmetric(random);
    return row;
  }

  Random random;
  std::vector<std::vector<float>> centers;
};

/// Every row once, and as it was last written.
void expect_holds(const ClusterView& view, const std::map<std::uint32_t, Row>& rows) {
  std::map<std::uint32_t, int> seen;
  std::vector<float> read(kDimension);
  for (const auto& cluster : view.clusters) {
    ASSERT_LE(cluster->size(), RowCluster::kRows);
    for (std::size_t slot = 0; slot < cluster->block_count() * kBlockRows; ++slot) {
      const std::uint32_t row = cluster->row(slot);
      if (row == kNoRow) {
        ASSERT_EQ(cluster->offset(slot), -INFINITY);
        continue;
      }
      ASSERT_LT(slot, cluster->size());
      ASSERT_TRUE(rows.contains(row)) << row;
      ++seen[row];
      const Row& wanted = rows.at(row);
      ASSERT_EQ(cluster->offset(slot), wanted.offset);
      cluster->read(slot, read.data());
      for (std::size_t i = 0; i < kDimension; ++i) ASSERT_NEAR(read[i], wanted.vector[i], cluster->scale(slot));
    }
  }
  ASSERT_EQ(seen.size(), rows.size());
  ASSERT_EQ(view.rows, rows.size());
  for (const auto& [row, times] : seen) ASSERT_EQ(times, 1) << row;
}

TEST(RowClusters, EveryRowLiesInOneClusterWhateverIsWrittenMovedAndRemoved) {
  World world(testing::test_seed(41));
  Random& random = world.random;
  for (int round = 0; round < 6; ++round) {
    const std::size_t exact_rows = 1 + random.below(600), most = 500 + random.below(3000);
    RowClusters clusters(kDimension, exact_rows);
    std::map<std::uint32_t, Row> rows;
    std::uint32_t next = 0;
    std::shared_ptr<const ClusterView> published;
    std::map<std::uint32_t, Row> then;
    for (int step = 0; step < 20'000; ++step) {
      const double choice = random.uniform();
      const bool is_new = next < most && choice < 0.3;
      const std::uint32_t row = is_new ? next++ : static_cast<std::uint32_t>(random.below(next + std::size_t{1}));
      if (row == next) continue;
      if (is_new || choice < 0.8) {
        rows[row] = world.row();
        clusters.write(row, rows[row].vector, rows[row].offset);
      } else if (choice < 0.9) {
        const float offset = 3 * symmetric(random) - 10;
        if (rows.contains(row)) rows[row].offset = offset;
        clusters.write_offset(row, offset);
      } else {
        rows.erase(row);
        clusters.remove(row);
      }
      if (step % 5000 == 2500) {
        published = clusters.publish();
        then = rows;
      }
    }
    expect_holds(*clusters.live(), rows);
    expect_holds(*published, then);
    ASSERT_TRUE(clusters.is_clustered());
    // Not a cluster for every row that ever was: small ones are given up.
    EXPECT_LE(clusters.live()->clusters.size(), 1 + rows.size() / 8);
  }
}

TEST(RowClusters, WhenAllRowsAreGoneOneClusterIsLeftAndRowsCanComeBack) {
  World world(testing::test_seed(42));
  RowClusters clusters(kDimension, 100);
  std::map<std::uint32_t, Row> rows;
  const auto write_all = [&] {
    for (std::uint32_t row = 0; row < 2000; ++row) {
      rows[row] = world.row();
      clusters.write(row, rows[row].vector, rows[row].offset);
    }
  };
  write_all();
  EXPECT_GT(clusters.live()->clusters.size(), 4U);
  for (std::uint32_t row = 0; row < 2000; ++row) clusters.remove(row);
  expect_holds(*clusters.live(), {});
  EXPECT_EQ(clusters.live()->clusters.size(), 1U);
  write_all();
  expect_holds(*clusters.live(), rows);
}

TEST(RowClusters, RowsThatAreAllTheSameAreHalvedTooWhenThereIsNoRoom) {
  RowClusters clusters(kDimension, 100);
  std::map<std::uint32_t, Row> rows;
  for (std::uint32_t row = 0; row < 3000; ++row) {
    rows[row] = {std::vector<float>(kDimension, 0.5F), -3};
    clusters.write(row, rows[row].vector, rows[row].offset);
  }
  expect_holds(*clusters.live(), rows);
}

/// What a new embedding does: it begins next to zero, and its first gradients carry it to where it belongs.
TEST(RowClusters, ARowThatHasMovedFarLiesAmongItsLike) {
  constexpr std::size_t kGroups = 400, kRows = 10'000;
  Random random(testing::test_seed(44));
  std::vector<std::vector<float>> groups(kGroups, std::vector<float>(kDimension));
  for (auto& group : groups) {
    for (float& value : group) value = symmetric(random);
  }
  RowClusters clusters(kDimension, 500);
  const auto write = [&](std::uint32_t row, float share, float noise) {
    std::vector<float> vector = groups[row % kGroups];
    for (float& value : vector) value = share * value + noise * symmetric(random);
    clusters.write(row, vector, -10);
  };
  for (std::uint32_t row = 0; row < kRows; ++row) write(row, 0, 0.05F);
  for (const float share : {0.5F, 1.0F}) {
    for (std::uint32_t row = 0; row < kRows; ++row) write(row, share, 0.1F);
  }
  std::size_t at_home = 0;  // in the cluster that most of its group lie in
  std::vector<std::map<const RowCluster*, std::size_t>> homes(kGroups);
  for (const auto& cluster : clusters.live()->clusters) {
    for (std::size_t slot = 0; slot < cluster->size(); ++slot) ++homes[cluster->row(slot) % kGroups][cluster.get()];
  }
  for (const auto& home : homes) at_home += std::ranges::max(home | std::views::values);
  EXPECT_GT(at_home, kRows * 9 / 10);
}

TEST(RowClusters, ScansFindWhatBruteForceFindsThoughTheyReadATenthOfTheRows) {
  constexpr std::size_t kRows = 20'000, kGroups = 500, kRounds = 4;
  Random random(testing::test_seed(43));
  EmbeddingTable exact(kDimension, kRows, kRows, 1, kRows), table(kDimension, kRows, kRows, 1, kRows / 3);
  std::vector<std::vector<float>> groups(kGroups, std::vector<float>(kDimension));
  for (auto& group : groups) {
    for (float& value : group) value = symmetric(random);
  }
  const auto near = [&](std::size_t group) {
    std::vector<float> vector = groups[group];
    for (float& value : vector) value += 0.2F * symmetric(random);
    return vector;
  };
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (ItemIndex item = 0; item < kRows; ++item) {
      const std::vector<float> vector = near(item % kGroups);
      const float prior = symmetric(random) - 12, bias = 0.1F * symmetric(random);
      for (EmbeddingTable* each : {&exact, &table}) {
        bool is_new = false;
        const std::uint32_t row = each->observe(item, is_new);
        each->write_prior(row, prior);
        each->write(row, vector, bias);
      }
    }
    for (auto& group : groups) {
      for (float& value : group) value += 0.1F * symmetric(random);
    }
  }
  const auto published = table.publish();
  const EmbeddingView& view = *published;
  ASSERT_LE(view.scan->scanned_rows, kRows / 10);
  std::size_t found = 0, expected = 0;
  std::vector<Candidate> truth, nearest;
  for (int n = 0; n < 300; ++n) {
    std::vector<float> query = near(random.below(kGroups));
    for (float& value : query) value *= 3;
    truth.clear();
    nearest.clear();
    nearest_items(exact.live(), query, 20, kNoItem, nullptr, truth);
    nearest_items(view, query, 20, kNoItem, nullptr, nearest);
    ASSERT_EQ(nearest.size(), 20U);
    ASSERT_TRUE(std::ranges::is_sorted(nearest, better));
    expected += truth.size();
    for (const Candidate& candidate : truth) found += std::ranges::count(nearest, candidate.item, &Candidate::item);
  }
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(expected));

  // Limited to some items, they find what is near of these; if there is too little, they look farther.
  for (const double share : {0.3, 0.03}) {
    std::size_t found_of_allowed = 0;
    for (int n = 0; n < 300; ++n) {
      const testing::ChosenItems allowed(kRows, share, random);
      std::vector<float> query = near(random.below(kGroups));
      for (float& value : query) value *= 3;
      truth.clear();
      nearest.clear();
      nearest_items(exact.live(), query, 20, kNoItem, &allowed, truth);
      nearest_items(view, query, 20, kNoItem, &allowed, nearest);
      ASSERT_EQ(truth.size(), 20U);
      ASSERT_EQ(nearest.size(), 20U);
      for (const Candidate& candidate : nearest) ASSERT_TRUE(allowed.allows(candidate.item));
      for (const Candidate& candidate : truth) {
        found_of_allowed += std::ranges::count(nearest, candidate.item, &Candidate::item) > 0 ? 1 : 0;
      }
    }
    EXPECT_GE(found_of_allowed, 300U * 20 * 95 / 100) << share;
  }
}

/// What a stream does to a table: items come, learn, are forgotten and give their rows up; and it is scanned.
void step(EmbeddingTable& table, World& world, std::vector<Candidate>& nearest) {
  const auto item = static_cast<ItemIndex>(world.random.below(3000));
  const Row row = world.row();
  if (world.random.uniform() < 0.02) {
    table.forget(item);
    return;
  }
  bool is_new = false;
  const std::uint32_t at = table.observe(item, is_new);
  if (at == kNoRow) return;
  table.write_prior(at, row.offset);
  table.write(at, row.vector, 0.1F * symmetric(world.random));
  nearest_items(table.live(), row.vector, 20, item, nullptr, nearest);
}

TEST(RowClusters, ATableThatIsLoadedGoesOnAsIfNeverStopped) {
  for (const int steps : {500, 5000, 15'000}) {
    World world(testing::test_seed(44));
    EmbeddingTable whole(kDimension, 2000, 3000, 1, 400);
    std::vector<Candidate> expected, nearest;
    for (int n = 0; n < steps; ++n) step(whole, world, expected);
    const std::string bytes = testing::saved(whole);
    EmbeddingTable resumed(kDimension, 2000, 3000, 1, 400);
    ByteReader in(bytes);
    ASSERT_TRUE(resumed.load(in));
    ASSERT_TRUE(in.at_end());
    ASSERT_EQ(testing::saved(resumed), bytes);
    World same = world;
    expected.clear();
    for (int n = 0; n < 5000; ++n) {
      step(whole, world, expected);
      step(resumed, same, nearest);
      if (n % 100 == 0) (void)whole.publish();  // when pages are copied changes nothing
    }
    ASSERT_EQ(testing::saved(resumed), testing::saved(whole));
    ASSERT_EQ(nearest.size(), expected.size());
    for (std::size_t n = 0; n < nearest.size(); ++n) ASSERT_EQ(nearest[n].item, expected[n].item) << n;
  }
}

TEST(RowClusters, ADamagedStateIsRefusedAndNeverCrashes) {
  World world(testing::test_seed(45));
  EmbeddingTable table(kDimension, 2000, 3000, 1, 400);
  std::vector<Candidate> nearest;
  for (int n = 0; n < 3000; ++n) step(table, world, nearest);
  const std::string bytes = testing::saved(table);
  for (std::size_t size = 0; size < bytes.size(); size += 997) {
    EmbeddingTable fresh(kDimension, 2000, 3000, 1, 400);
    ByteReader part(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(fresh.load(part)) << size;
  }
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    for (int n = 0; n < 20; ++n) damaged[world.random.below(damaged.size())] = static_cast<char>(world.random.next());
    EmbeddingTable fresh(kDimension, 2000, 3000, 1, 400);
    ByteReader in(damaged);
    if (!fresh.load(in)) continue;
    for (int n = 0; n < 300; ++n) step(fresh, world, nearest);
  }
}

}  // namespace
}  // namespace freshet::online

#include "online/lstm_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "online/kernels.h"
#include "online/random.h"
#include "online/torch/lstm_trainer.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 32;

/// A table of `items` random embeddings.
EmbeddingTable random_table(std::size_t items, std::uint64_t seed) {
  EmbeddingTable table(kDimension, items, items, 1);
  Random random(seed);
  std::vector<float> vector(kDimension);
  bool is_new = false;
  for (ItemIndex item = 0; item < items; ++item) {
    for (float& value : vector) value = static_cast<float>(2 * random.uniform() - 1);
    const std::uint32_t row = table.observe(item, is_new);
    table.write(row, vector, static_cast<float>(random.uniform()));
    table.write_prior(row, static_cast<float>(-5 * random.uniform()));
  }
  return table;
}

TEST(LstmScorer, EncodesAsLibTorchDoes) {
  EmbeddingTable table = random_table(20, 1);
  const LstmTrainer trainer(kDimension, 0.1, 7);
  LstmWeights weights;
  trainer.export_weights(weights);
  const LstmScorer scorer(weights, table.live(), 10);

  const std::vector<std::vector<std::uint32_t>> sessions{{3}, {1, 2}, {5, 4, 3, 2, 1, 0, 9, 8, 7, 6}, {4, 4, 5}};
  LstmBatch batch;
  for (std::uint32_t row = 0; row < 20; ++row) {
    batch.vectors.insert(batch.vectors.end(), table.live().vector(row), table.live().vector(row) + kDimension);
  }
  batch.sessions = sessions;
  const std::vector<float> expected = trainer.encode(batch);
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    Context context;
    for (const std::uint32_t row : sessions[i]) context.session.push_back({table.item_of(row), {}});
    std::vector<float> vector;
    ASSERT_TRUE(scorer.encode(context, vector));
    for (std::size_t j = 0; j < kDimension; ++j) EXPECT_NEAR(vector[j], expected[i * kDimension + j], 1e-5);
  }
}

TEST(LstmScorer, ProposesWhatAnExactFloatScanWould) {
  for (const std::size_t items : {10UL, 300UL, 20'000UL}) {
    EmbeddingTable table = random_table(items, items);
    const LstmTrainer trainer(kDimension, 0.1, 7);
    LstmWeights weights;
    trainer.export_weights(weights);
    const LstmScorer scorer(weights, table.live(), 10);
    std::size_t found = 0, wanted = 0;
    for (ItemIndex last = 0; last < 10; ++last) {
      const Context context = testing::context_of({last, (last + 1) % 10}, 100);
      std::vector<float> vector;
      ASSERT_TRUE(scorer.encode(context, vector));
      std::vector<std::pair<float, ItemIndex>> exact;
      for (std::uint32_t row = 0; row < items; ++row) {
        if (table.item_of(row) == context.last_item()) continue;
        exact.emplace_back(dot(vector.data(), table.live().vector(row), kDimension) + table.live().offset(row),
                           table.item_of(row));
      }
      std::ranges::sort(exact, std::greater<>{});
      const auto proposed = testing::items_of(testing::propose(scorer, context, 100));
      const std::size_t k = std::min<std::size_t>(100, exact.size());
      ASSERT_EQ(proposed.size(), k);
      EXPECT_EQ(proposed.front(), exact.front().second);
      wanted += k;
      for (std::size_t i = 0; i < k; ++i)
        found += static_cast<std::size_t>(std::ranges::count(proposed, exact[i].second));
    }
    EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(wanted)) << items;
  }
}

TEST(LstmScorer, KnowsNothingOfASessionWithoutRows) {
  EmbeddingTable table(kDimension, 10, 100, 2);
  const LstmTrainer trainer(kDimension, 0.1, 7);
  LstmWeights weights;
  trainer.export_weights(weights);
  const LstmScorer scorer(weights, table.live(), 10);
  EXPECT_TRUE(testing::propose(scorer, testing::context_of({50}, 1)).empty());
  EXPECT_EQ(testing::score(scorer, testing::context_of({50}, 1), {50}).front().back(), 0.0F);
}

}  // namespace
}  // namespace freshet::online

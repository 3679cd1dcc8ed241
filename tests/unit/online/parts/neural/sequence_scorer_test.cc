// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_scorer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
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

struct Model {
  std::string name;
  std::unique_ptr<SequenceTrainer> (*make)();
};

template <typename Options>
Options small() {
  Options options;
  options.dimension = kDimension;
  return options;
}

class EverySequenceModel : public ::testing::TestWithParam<Model> {};

INSTANTIATE_TEST_SUITE_P(
    Models, EverySequenceModel,
    ::testing::Values(Model{"lstm", [] { return make_lstm_trainer(small<LstmOptions>(), 7); }},
                      Model{"attention", [] { return make_attention_trainer(small<AttentionOptions>(), 7); }},
                      Model{"autoencoder", [] { return make_autoencoder_trainer(small<AutoencoderOptions>(), 7); }}),
    [](const auto& model) { return model.param.name; });

/// A batch over all rows of `table`: the target of every example is row 0, against rows 1 to 3.
SequenceBatch batch_of(const EmbeddingTable& table, const std::vector<std::vector<std::uint32_t>>& inputs) {
  SequenceBatch batch;
  for (std::uint32_t row = 0; row < table.rows(); ++row) {
    batch.vectors.insert(batch.vectors.end(), table.live().vector(row), table.live().vector(row) + kDimension);
  }
  batch.inputs = inputs;
  batch.classes = {0, 1, 2, 3};
  batch.biases.assign(4, 0.1F);
  batch.correction = {0.5F, 0, -0.5F, 0};
  batch.targets.assign(inputs.size(), 0);
  batch.excluded.assign(inputs.size(), kNoRow);
  batch.weights.assign(inputs.size(), 1.0F);
  return batch;
}

const std::vector<std::vector<std::uint32_t>> kInputs{{3}, {1, 2}, {5, 4, 3, 2, 1, 0, 9, 8, 7, 6}, {4, 4, 5}};

TEST_P(EverySequenceModel, EncodesAsLibTorchDoes) {
  EmbeddingTable table = random_table(20, 1);
  const auto trainer = GetParam().make();
  const SequenceBatch batch = batch_of(table, kInputs);
  for (int step = 0; step < 20; ++step) {  // so that every weight matters
    trainer->gradients(batch);
    trainer->step_weights();
  }
  const SequenceScorer scorer(GetParam().name, std::make_shared<SessionItems>(10), trainer->encoder(),
                              table.shared_live());
  const AlignedVector<float> expected = trainer->encode(batch);
  for (std::size_t i = 0; i < kInputs.size(); ++i) {
    std::vector<ItemIndex> items;
    for (const std::uint32_t row : kInputs[i]) items.push_back(table.item_of(row));
    std::vector<const float*> rows;
    std::vector<float> vector;
    ASSERT_TRUE(scorer.encode(items, rows, vector));
    for (std::size_t j = 0; j < kDimension; ++j) EXPECT_NEAR(vector[j], expected[i * kDimension + j], 1e-5);
  }
}

TEST_P(EverySequenceModel, GradientsOfTheRowsAreThoseOfTheLoss) {
  EmbeddingTable table = random_table(10, 2);
  SequenceBatch batch = batch_of(table, kInputs);
  const SequenceGradients gradients = GetParam().make()->gradients(batch);
  constexpr float kStep = 1e-2F;
  for (std::size_t at = 0; at < batch.vectors.size(); at += 7) {
    const float before = batch.vectors[at];
    batch.vectors[at] = before + kStep;
    const float up = GetParam().make()->gradients(batch).loss;  // a new trainer: the same initial weights
    batch.vectors[at] = before - kStep;
    const float down = GetParam().make()->gradients(batch).loss;
    batch.vectors[at] = before;
    EXPECT_NEAR(gradients.vectors[at], (up - down) / (2 * kStep), 2e-3);
  }
}

TEST(SequenceScorer, ProposesWhatAnExactFloatScanWould) {
  for (const std::size_t items : {10UL, 300UL, 16'000UL}) {
    EmbeddingTable table = random_table(items, items);
    const SequenceScorer scorer("lstm", std::make_shared<SessionItems>(10),
                                make_lstm_trainer(small<LstmOptions>(), 7)->encoder(), table.shared_live());
    std::size_t found = 0, wanted = 0;
    for (ItemIndex last = 0; last < 10; ++last) {
      const Context context = testing::context_of({last, (last + 1) % 10}, 100);
      std::vector<const float*> rows;
      std::vector<float> vector;
      ASSERT_TRUE(scorer.encode(std::vector<ItemIndex>{last, (last + 1) % 10}, rows, vector));
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

TEST(SequenceScorer, KnowsNothingOfItemsWithoutRows) {
  EmbeddingTable table(kDimension, 10, 100, 2);
  const SequenceScorer scorer("lstm", std::make_shared<SessionItems>(10),
                              make_lstm_trainer(small<LstmOptions>(), 7)->encoder(), table.shared_live());
  EXPECT_TRUE(testing::propose(scorer, testing::context_of({50}, 1)).empty());
  EXPECT_EQ(testing::score(scorer, testing::context_of({50}, 1), {50}).front().back(), 0.0F);
}

}  // namespace
}  // namespace freshet::online

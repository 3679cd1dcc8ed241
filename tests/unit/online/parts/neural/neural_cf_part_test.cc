// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/neural_cf_part.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/random.h"
#include "online/measure/calibration.h"
#include "online/parts/neural/neural_cf_scorer.h"
#include "online/parts/neural/neural_cf_trainer.h"
#include "tests/support/part_driver.h"
#include "tests/support/slope.h"

namespace freshet::online {
namespace {

using namespace freshet::testing;

constexpr std::size_t kDimension = 16, kHidden = 32;
constexpr std::size_t kTaste = 20;  // items of one taste: t * kTaste .. (t + 1) * kTaste - 1

NeuralCfOptions small() {
  NeuralCfOptions options;
  options.dimension = kDimension;
  options.hidden_units = kHidden;
  options.batch_examples = 16;
  return options;
}

struct Fixture {
  std::unique_ptr<Part> part = make_neural_cf_part(small(), 200, 1);
  std::int64_t time = 0;

  void click(std::uint64_t user, std::size_t item) {
    part->observe({}, {static_cast<ItemIndex>(item), 1.0F, at_seconds(++time), false, OwnerKey{user}, OwnerKey{user}});
  }

  /// Users of three tastes, user number modulo 3, each of whom clicks on items of one.
  void learn_tastes(std::size_t count, std::uint64_t first_user = 1000) {
    Random random(5);
    for (std::uint64_t user = first_user; user < first_user + count; ++user) {
      for (int n = 0; n < 8; ++n) click(user, user % 3 * kTaste + random.below(kTaste));
    }
  }

  static Context of_user(std::uint64_t user) {
    Context context = context_of({}, 1'000'000);
    context.user_key = OwnerKey{user};
    return context;
  }
};

/// Users, items and pairs at random.
NeuralCfBatch random_batch(Random& random, std::size_t users, std::size_t items, std::size_t pairs) {
  NeuralCfBatch batch;
  const auto value = [&] { return static_cast<float>(2 * random.uniform() - 1); };
  for (std::size_t i = 0; i < users * kDimension; ++i) batch.users.push_back(value());
  for (std::size_t i = 0; i < items * kDimension; ++i) batch.items.push_back(value());
  for (std::size_t i = 0; i < items; ++i) batch.biases.push_back(value());
  for (std::size_t i = 0; i < pairs; ++i) {
    batch.pair_user.push_back(static_cast<std::uint32_t>(random.below(users)));
    batch.pair_item.push_back(static_cast<std::uint32_t>(random.below(items)));
    batch.clicked.push_back(i % 5 == 0 ? 1.0F : 0.0F);
    batch.weights.push_back(1);
  }
  return batch;
}

TEST(NeuralCfScorer, PredictsWhatLibTorchDoes) {
  Random random(1);
  NeuralCfTrainer trainer(kDimension, kHidden, 4, 0.1, 1);
  const NeuralCfBatch batch = random_batch(random, 5, 7, 60);
  for (int step = 0; step < 20; ++step) trainer.step(batch);  // so that every weight speaks
  const auto weights = std::make_shared<NeuralCfWeights>();
  trainer.export_weights(*weights);
  const NeuralCfGradients expected = trainer.step(batch);

  EmbeddingTable items(kDimension, 10, 10, 1);
  bool is_new = false;
  for (ItemIndex item = 0; item < 7; ++item) {
    items.write(items.observe(item, is_new), {batch.items.data() + item * kDimension, kDimension}, batch.biases[item]);
  }
  const NeuralCfScorer scorer(kNeuralCf.name, weights, items.shared_live(),
                              std::make_shared<UserVectors>(kDimension, 1));
  for (std::size_t pair = 0; pair < batch.clicked.size(); ++pair) {
    NeuralCfScorer::Layers layers;
    std::vector<float> odds;
    scorer.log_odds({batch.users.data() + batch.pair_user[pair] * kDimension, kDimension},
                    std::vector<std::uint32_t>{batch.pair_item[pair]}, layers, odds);
    ASSERT_NEAR(odds.front(), expected.log_odds[pair], 1e-4);
  }
}

TEST(NeuralCfTrainer, GradientsAreThoseOfTheCrossEntropy) {
  Random random(2);
  NeuralCfBatch batch = random_batch(random, 3, 4, 20);
  const auto loss = [](const NeuralCfBatch& of) {
    NeuralCfTrainer trainer(kDimension, kHidden, 4, 0.1, 1);  // its weights are those of the seed
    const NeuralCfGradients gradients = trainer.step(of);
    double sum = 0;
    for (std::size_t pair = 0; pair < of.clicked.size(); ++pair) {
      const double odds = static_cast<double>(gradients.log_odds[pair]);
      sum += std::log1p(std::exp(of.clicked[pair] > 0 ? -odds : odds));
    }
    return sum / static_cast<double>(of.clicked.size());
  };
  NeuralCfTrainer trainer(kDimension, kHidden, 4, 0.1, 1);
  const NeuralCfGradients gradients = trainer.step(batch);
  const auto numeric = [&](float& value) { return testing::slope(value, 1e-2F, [&] { return loss(batch); }); };
  for (std::size_t i = 0; i < 2 * kDimension; i += 5) {
    EXPECT_NEAR(gradients.users[i], numeric(batch.users[i]), 1e-3);
    EXPECT_NEAR(gradients.items[i], numeric(batch.items[i]), 1e-3);
  }
  EXPECT_NEAR(gradients.biases[1], numeric(batch.biases[1]), 1e-3);
}

TEST(NeuralCf, LearnsTastesAndKnowsANewUserByTheirFirstClick) {
  Fixture f;
  f.learn_tastes(600);
  EXPECT_TRUE(propose(f.part->live(), Fixture::of_user(8)).empty());
  for (std::uint64_t user = 9; user < 12; ++user) {
    f.click(user, user % 3 * kTaste + 3);
    const auto items = items_of(propose(f.part->live(), Fixture::of_user(user), 10));
    EXPECT_GE(std::ranges::count_if(items, [&](ItemIndex i) { return i / kTaste == user % 3; }), 9);
  }
}

TEST(NeuralCf, ItsProbabilitiesAreCalibratedAndTellTastesApart) {
  Fixture f;
  f.learn_tastes(1500);
  const Calibration calibration = calibration_in(f.part->diagnostics()).value();
  EXPECT_GT(calibration.examples, 10'000U);
  EXPECT_LT(calibration.expected_calibration_error, 0.05);
  EXPECT_GT(calibration.auc, 0.75);         // a third of the negatives is of the user's taste: at best 0.83
  EXPECT_LT(calibration.log_loss, 0.5004);  // that of knowing the share of clicks, one in five, alone
}

TEST(NeuralCf, AStateOfAnotherShapeIsRefused) {
  Fixture f;
  f.learn_tastes(10);
  const std::string bytes = saved(*f.part);
  NeuralCfOptions other = small();
  other.dimension = 32;
  ByteReader in(bytes);
  EXPECT_EQ(make_neural_cf_part(other, 200, 1)->load(in).error().code, Errc::invalid);
}

TEST(NeuralCf, AnItemThatHasLostItsRowSinceThePublishIsNotProposed) {
  Fixture f;
  NeuralCfOptions options = small();
  options.max_items = 3 * kTaste;
  f.part = make_neural_cf_part(options, 200, 1);
  f.learn_tastes(50);
  const auto published = f.part->publish();
  for (std::size_t item = 100; item < 100 + 2 * kTaste; ++item) {
    for (int sighting = 0; sighting < 3; ++sighting) f.click(1000, item);
  }
  const auto items = items_of(propose(*published, Fixture::of_user(1000), 3 * kTaste));
  EXPECT_FALSE(items.empty());
  EXPECT_LE(items.size(), kTaste);
}

TEST(NeuralCf, APublishedScorerKeepsItsItemsWhileLearningGoesOn) {
  Fixture f;
  f.learn_tastes(100);
  const auto published = f.part->publish();
  std::vector<ItemIndex> all;
  for (ItemIndex item = 0; item < 3 * kTaste; ++item) all.push_back(item);
  const auto before = score(*published, Fixture::of_user(1000), all);  // not active again: their vector stays
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      ASSERT_EQ(score(*published, Fixture::of_user(1000), all), before);
      propose(*published, Fixture::of_user(2000), 10);
    }
  });
  f.learn_tastes(100, 2000);
  f.part->publish();
  f.learn_tastes(100, 2000);
}

}  // namespace
}  // namespace freshet::online

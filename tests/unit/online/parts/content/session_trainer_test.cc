// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/session_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "tests/support/slope.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 16, kItems = 40, kSampled = 21;

/// Items with random vectors, three sessions, and a sample that holds a target and a visited item.
class SessionTraining : public ::testing::Test {
 protected:
  SessionTraining() : vectors_(kItems, std::vector<float>(kDimension)) {
    Random random(5);
    for (auto& vector : vectors_) {
      for (float& value : vector) value = static_cast<float>(random.uniform() - 0.5);
    }
    for (std::uint32_t row = 0; row < kSampled; ++row) {
      sample_.rows.insert(row);
      sample_.priors.push_back(static_cast<float>(random.uniform()));
    }
    sample_.drawn_from = kItems;
    batch_ = {{.visited = {3, 30, 31}, .visits = 3, .target = 7, .weight = 1, .prior = 2},
              {.visited = {35}, .visits = 1, .target = 36, .weight = 2, .prior = 0},
              {.visited = {30, 3, 4, 5, 6, 8}, .visits = 6, .target = 35, .weight = 0.5F, .prior = 0.5F}};
  }

  /// The weighted mean of what the softmax of each example costs, straight from the definition.
  double loss(const SessionWeights& weights) const {
    double sum = 0;
    for (const SessionStep& step : batch_) {
      std::vector<double> mean(kDimension);
      double total = 0;
      for (std::size_t i = 0; i < step.visits; ++i) {
        const double weight = static_cast<double>(weights.of_item[i]);
        total += weight;
        for (std::size_t d = 0; d < kDimension; ++d) {
          mean[d] += weight * static_cast<double>(vectors_[step.visited[i]][d]);
        }
      }
      std::vector<double> session = mean;
      for (std::size_t i = 0; i < kDimension; ++i) {
        for (std::size_t j = 0; j < kDimension; ++j) {
          session[j] += mean[i] * static_cast<double>(weights.map[i * kDimension + j]);
        }
      }
      const auto odds = [&](std::uint32_t row, float prior) {
        double product = 0;
        for (std::size_t d = 0; d < kDimension; ++d) {
          product += session[d] / total * static_cast<double>(vectors_[row][d]);
        }
        return std::exp(static_cast<double>(weights.sharpness) * product + static_cast<double>(prior));
      };
      const double own = odds(step.target, step.prior);
      double all = own;
      for (std::size_t n = 0; n < sample_.rows.size(); ++n) {
        const std::uint32_t row = sample_.rows.keys()[n];
        const auto end = step.visited.begin() + static_cast<std::ptrdiff_t>(step.visits);
        if (row == step.target || std::find(step.visited.begin(), end, row) != end) continue;
        all += odds(row, sample_.priors[n]) * static_cast<double>(kItems) / static_cast<double>(kSampled);
      }
      sum -= static_cast<double>(step.weight) * std::log(own / all);
    }
    return sum;
  }

  void train(SessionTrainer& trainer, RowGradients& gradients) const {
    EmbeddingTable table(kDimension, kItems, kItems, 1);
    for (std::uint32_t row = 0; row < kItems; ++row) {
      bool is_new = false;
      ASSERT_EQ(table.observe(row, is_new), row);
      table.write(row, vectors_[row], 0);
    }
    trainer.train(batch_, sample_, table.live(), gradients);
  }

  std::vector<std::vector<float>> vectors_;
  ItemSample sample_;
  std::vector<SessionStep> batch_;
};

TEST_F(SessionTraining, GradientsAreThoseOfTheLoss) {
  SessionTrainer trainer(kDimension);
  RowGradients gradients(kDimension);
  train(trainer, gradients);  // so that the map is not zero
  const SessionWeights weights = trainer.weights();
  gradients.clear();
  train(trainer, gradients);
  std::size_t compared = 0;
  for (std::size_t n = 0; n < gradients.rows().size(); ++n) {
    for (std::size_t d = 0; d < kDimension; ++d) {
      const double expected = testing::slope(vectors_[gradients.rows()[n]][d], 1e-3F, [&] { return loss(weights); });
      EXPECT_NEAR(static_cast<double>(gradients.sum(n)[d]), expected, 2e-2) << "row " << gradients.rows()[n];
      ++compared;
    }
  }
  EXPECT_EQ(compared, (kSampled + 4) * kDimension) << "the sample, and what else the sessions hold";
}

TEST_F(SessionTraining, StepsLowerTheLoss) {
  SessionTrainer trainer(kDimension);
  const double first = loss(trainer.weights());
  for (int step = 0; step < 50; ++step) {
    RowGradients gradients(kDimension);
    train(trainer, gradients);
  }
  EXPECT_LT(loss(trainer.weights()), first - 0.1) << "of the session's weights alone";
}

}  // namespace
}  // namespace freshet::online

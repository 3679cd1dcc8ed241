// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/estimators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Estimators : ::testing::Test {
  const LoggedFeedback log = testing::small_log(
      {{.action = 0, .reward = 1, .propensity = 0.25}, {.action = 1, .reward = 0, .propensity = 0.75}}, 2);
  const ImportanceWeights weights = importance_weights(log, *make_context_free_policy({{0.5, 0.5}}),
                                                       PropensityKind::step, kInfinity, clusters_of(log));  // 2 and 2/3
  const RewardPredictions predictions{{0.4, 0.3}, {0.35, 0.35}, {}};
};

TEST_F(Estimators, IpsWeighsRewards) { EXPECT_THAT(ips_terms(log, weights), ElementsAre(2, 0)); }

TEST_F(Estimators, TheDirectMethodIsThePrediction) { EXPECT_THAT(dm_terms(predictions), ElementsAre(0.35, 0.35)); }

TEST_F(Estimators, DoublyRobustCorrectsThePredictionByTheWeighedError) {
  EXPECT_THAT(dr_terms(log, weights, predictions), ElementsAre(DoubleEq(0.35 + 2 * 0.6), DoubleEq(0.35 - 0.2)));
}

TEST_F(Estimators, ShrinkageIsBetweenTheDirectMethodAndDoublyRobust) {
  EXPECT_THAT(dros_terms(log, weights, predictions, 4),
              ElementsAre(DoubleEq(0.35 + 1 * 0.6), DoubleEq(0.35 - 0.6 * 0.3 * 1)));  // 4 w / (w^2 + 4): 1 and 0.6
  EXPECT_EQ(dros_terms(log, weights, predictions, kInfinity), dr_terms(log, weights, predictions));
  EXPECT_EQ(dros_terms(log, weights, predictions, 0), dm_terms(predictions));
}

TEST_F(Estimators, BelowOtherActionsThePredictionHasTheirWeight) {
  ImportanceWeights below = weights;
  below.above = {1, 3};
  EXPECT_THAT(dr_terms(log, below, predictions)[1], DoubleEq(3 * 0.35 - 0.2));
}

TEST(ChooseLambda, ShrinksWhereWeightsAreNoisyAndTheModelIsRight) {
  const testing::BanditWorld world{{0.97, 0.01, 0.01, 0.01}, {0.3, 0.3, 0.3, 0.3}};
  const auto log = world.log(2000, 1);
  const auto weights =
      importance_weights(log, *make_uniform_policy(log), PropensityKind::step, kInfinity, clusters_of(log));
  const std::vector<double> right(log.rounds.size(), 0.3), wrong(log.rounds.size(), 0.0);
  EXPECT_LT(choose_lambda(log, weights, {right, right, {}}), kInfinity);
  // A model that is wrong shows where weights are small and rounds many.
  const testing::BanditWorld gentle{{0.4, 0.3, 0.2, 0.1}, {0.3, 0.3, 0.3, 0.3}};
  const auto many = gentle.log(20'000, 1);
  const auto small =
      importance_weights(many, *make_uniform_policy(many), PropensityKind::step, kInfinity, clusters_of(many));
  const std::vector<double> zero(many.rounds.size(), 0.0);
  EXPECT_GE(choose_lambda(many, small, {zero, zero, {}}), 100);
}

}  // namespace
}  // namespace freshet::online

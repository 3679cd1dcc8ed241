// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/importance_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using testing::small_log;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// One list: action 0 first, then action 1.
LoggedFeedback list_of_two() {
  auto log = small_log({{.action = 0, .propensity = 0.25}, {.action = 1, .position = 1, .propensity = 0.8}}, 3);
  log.positions.emplace_back("2");
  log.lists = {{.first_round = 0, .rounds = 2}};
  return log;
}

const auto kCandidate = make_context_free_policy({{0.5, 0.3, 0.2}, {0.5, 0.3, 0.2}});

TEST(ImportanceWeights, OfStepsAreTheProductOfTheRatiosDownToARound) {
  const auto weights = importance_weights(list_of_two(), *kCandidate, PropensityKind::step, kUnlimited, {0});
  EXPECT_THAT(weights.raw, ElementsAre(DoubleEq(2), DoubleEq(2 * 0.6 / 0.8)));
  EXPECT_THAT(weights.above, ElementsAre(1, DoubleEq(2)));
}

TEST(ImportanceWeights, OfMarginalPropensitiesAreTheRatioOfTheRound) {
  const auto weights = importance_weights(list_of_two(), *kCandidate, PropensityKind::marginal, kUnlimited, {0});
  EXPECT_THAT(weights.raw, ElementsAre(DoubleEq(2), DoubleEq(0.3 / 0.8)));
  EXPECT_THAT(weights.above, ElementsAre(1, 1));
}

TEST(ImportanceWeights, ClippingIsCountedAndKeepsTheRawWeights) {
  const auto log = small_log({{.action = 0, .propensity = 0.125}, {.action = 1, .propensity = 0.3}}, 3);
  const auto weights = importance_weights(log, *kCandidate, PropensityKind::step, 3, {0, 1});
  EXPECT_THAT(weights.weights, ElementsAre(3, DoubleEq(1)));
  EXPECT_THAT(weights.raw, ElementsAre(DoubleEq(4), DoubleEq(1)));
  EXPECT_EQ(weights.clipped, 1U);
  EXPECT_DOUBLE_EQ(weights.clipped_share, 0.2);
  EXPECT_DOUBLE_EQ(weights.largest, 4);
}

TEST(ImportanceWeights, TheEffectiveSampleSizeIsThatOfClusters) {
  const auto log = small_log({{.action = 0, .propensity = 0.125}, {.action = 1, .propensity = 0.3}}, 3);
  const auto weights = importance_weights(log, *kCandidate, PropensityKind::step, kUnlimited, {0, 1});
  EXPECT_DOUBLE_EQ(weights.effective, 25.0 / 17);
  EXPECT_DOUBLE_EQ(weights.mean, 2.5);
  EXPECT_DOUBLE_EQ(weights.mean_error, std::sqrt(1.5 * 1.5 * 2) / 2);
  EXPECT_DOUBLE_EQ(importance_weights(log, *kCandidate, PropensityKind::step, kUnlimited, {0, 0}).effective, 1);
}

}  // namespace
}  // namespace freshet::online

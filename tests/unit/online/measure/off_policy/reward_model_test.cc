// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/reward_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace freshet::online {
namespace {

RewardSums sums_of(const std::vector<std::vector<double>>& rewards_of_actions) {
  RewardSums sums(rewards_of_actions.size(), 1);
  for (std::uint32_t action = 0; action < rewards_of_actions.size(); ++action) {
    for (const double reward : rewards_of_actions[action]) sums.add({.action = action, .reward = reward});
  }
  return sums;
}

TEST(RewardModel, ShrinksToTheMeanByTheVarianceBetweenActions) {
  // Means 0.25 and 0.75, overall 0.5. Within: 4 x 3/16 x 2 = 1.5 over 6 degrees of freedom = 0.25. Between: 8 x 1/16 = 0.5,
  // less one variance of 0.25, over 8 - (16 + 16) / 8 = 4, is 1/16. So the mean counts as 0.25 x 16 = 4 rounds.
  const RewardModel model(sums_of({{1, 0, 0, 0}, {1, 1, 1, 0}}));
  EXPECT_DOUBLE_EQ(model.prior_rounds(), 4);
  EXPECT_DOUBLE_EQ(model.predict(0, 0), 0.375);
  EXPECT_DOUBLE_EQ(model.predict(1, 0), 0.625);
  EXPECT_DOUBLE_EQ(model.largest(), 0.625);
}

TEST(RewardModel, ActionsThatDifferByChanceOnlyGetTheSamePrediction) {
  const RewardModel model(sums_of({{1, 0, 1, 0}, {0, 1, 0, 1}, {}}));
  EXPECT_TRUE(std::isinf(model.prior_rounds()));
  for (const std::uint32_t action : {0U, 1U, 2U}) EXPECT_DOUBLE_EQ(model.predict(action, 0), 0.5);
}

TEST(RewardModel, AnActionWithoutRoundsGetsTheMeanOfItsPosition) {
  RewardSums sums(2, 3);
  for (const double reward : {1.0, 1.0, 0.0, 0.0}) sums.add({.action = 0, .position = 0, .reward = reward});
  for (const double reward : {1.0, 1.0}) sums.add({.action = 0, .position = 1, .reward = reward});
  const RewardModel model(sums, 2);
  EXPECT_DOUBLE_EQ(model.predict(1, 0), 0.5);
  EXPECT_DOUBLE_EQ(model.predict(1, 1), 1);
  EXPECT_DOUBLE_EQ(model.predict(1, 2), 4.0 / 6);  // a position without rounds: the mean of all
}

TEST(RewardModel, SumsWithoutAPartAreThoseOfTheRest) {
  RewardSums all = sums_of({{1, 0, 0, 0}, {1, 1, 1, 0}});
  all.add(sums_of({{1}, {0}}));
  all.subtract(sums_of({{1}, {0}}));
  EXPECT_DOUBLE_EQ(RewardModel(all).predict(0, 0), 0.375);
}

TEST(RewardModel, WithoutARoundPredictsNothing) { EXPECT_EQ(RewardModel(RewardSums(2, 1)).predict(1, 0), 0); }

}  // namespace
}  // namespace freshet::online

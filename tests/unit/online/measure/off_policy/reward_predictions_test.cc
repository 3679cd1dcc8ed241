// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/reward_predictions.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using testing::BanditWorld;

const BanditWorld kWorld{{0.5, 0.5}, {0.2, 0.8}};

TEST(RewardPredictions, NoRewardEntersThePredictionOfItsOwnCluster) {
  auto log = kWorld.log(400, 1);
  std::vector<std::uint32_t> clusters(log.lists.size());
  for (std::size_t i = 0; i < clusters.size(); ++i) clusters[i] = static_cast<std::uint32_t>(i / 4);
  const auto candidate = make_uniform_policy(log);
  const auto before = cross_fitted_predictions(log, *candidate, PropensityKind::step, clusters, 5, 1);
  for (std::size_t i = 40; i < 44; ++i) log.rounds[i].reward = 100;
  const auto after = cross_fitted_predictions(log, *candidate, PropensityKind::step, clusters, 5, 1);
  ASSERT_TRUE(before && after);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < 400; ++i) changed += before->own[i] == after->own[i] ? 0 : 1;
  for (std::size_t i = 40; i < 44; ++i) EXPECT_EQ(before->own[i], after->own[i]);
  EXPECT_GT(changed, 200U);
  EXPECT_NEAR(before->expected[0], 0.5, 0.1);
  EXPECT_GT(before->largest[0], 0.6);
}

TEST(RewardPredictions, ForwardPredictionsKnowEarlierListsOnly) {
  auto log = kWorld.log(400, 1);
  const auto candidate = make_uniform_policy(log);
  const auto before = forward_predictions(log, *candidate, PropensityKind::step);
  for (std::size_t i = 200; i < 400; ++i) log.rounds[i].reward = 100;
  const auto after = forward_predictions(log, *candidate, PropensityKind::step);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->own[0], 0);
  for (std::size_t i = 0; i <= 200; ++i) EXPECT_EQ(before->own[i], after->own[i]);
  EXPECT_NE(before->own[399], after->own[399]);
}

TEST(RewardPredictions, RecordedOnesMustBeThereForEveryRound) {
  auto log = testing::small_log({{.prediction = 0.5, .expected_prediction = 0.25}}, 2);
  const auto predictions = recorded_predictions(log);
  ASSERT_TRUE(predictions);
  EXPECT_EQ(predictions->own.front(), 0.5);
  EXPECT_EQ(predictions->expected.front(), 0.25);
  log.rounds.emplace_back();
  EXPECT_FALSE(recorded_predictions(log));
}

TEST(RewardPredictions, ThereAreNoneForACandidateThatKnowsLoggedActionsOnly) {
  const auto log = kWorld.log(10, 1);
  const auto candidate = make_recorded_policy();
  EXPECT_FALSE(forward_predictions(log, *candidate, PropensityKind::step));
  EXPECT_FALSE(never_logged_share(log, *candidate, PropensityKind::step));
}

TEST(RewardPredictions, ActionsThatTheLogNeverHasAreTheCandidatesShare) {
  const auto log = testing::small_log({{.action = 0}, {.action = 1}, {.action = 0}}, 3);
  EXPECT_DOUBLE_EQ(*never_logged_share(log, *make_context_free_policy({{0.5, 0.3, 0.2}}), PropensityKind::step), 0.2);
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/candidate_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using testing::small_log;

const LoggedList kList;

std::vector<double> all(const CandidatePolicy& policy, const std::vector<std::uint32_t>& above = {}) {
  std::vector<double> probabilities(3);
  EXPECT_TRUE(policy.probabilities({kList, {}, above}, probabilities));
  for (std::uint32_t action = 0; action < 3; ++action) {
    EXPECT_DOUBLE_EQ(policy.probability({kList, {.action = action}, above}), probabilities[action]) << action;
  }
  return probabilities;
}

/// Mean rewards 0.5, 0.25 and 0, if nothing is shrunk.
RewardModel model() {
  RewardSums sums(3, 1);
  for (const double reward : {1.0, 0.0, 1.0, 0.0}) sums.add({.action = 0, .reward = reward});
  for (const double reward : {1.0, 0.0, 0.0, 0.0}) sums.add({.action = 1, .reward = reward});
  sums.add({.action = 2});
  return {sums, 0};
}

TEST(CandidatePolicy, BelowOtherActionsProbabilitiesAreDividedAmongTheRest) {
  const auto policy = make_context_free_policy({{0.5, 0.3, 0.2}});
  EXPECT_THAT(all(*policy), ElementsAre(0.5, 0.3, 0.2));
  EXPECT_THAT(all(*policy, {0}), ElementsAre(0, DoubleEq(0.6), DoubleEq(0.4)));
  EXPECT_THAT(all(*policy, {0, 2}), ElementsAre(0, DoubleEq(1), 0));
  EXPECT_THAT(all(*policy, {0, 1, 2}), ElementsAre(0, 0, 0));
  EXPECT_EQ(policy->largest_probability(), 0.5);
}

TEST(CandidatePolicy, AUniformPolicyGivesAllActionsTheSame) {
  EXPECT_THAT(all(*make_uniform_policy(small_log({{.action = 2}}, 3))), ElementsAre(1.0 / 3, 1.0 / 3, 1.0 / 3));
}

TEST(CandidatePolicy, ALoggedPolicyDoesWhatTheLogDid) {
  auto log = small_log({{.action = 0}, {.action = 0}, {.action = 0}, {.action = 2}}, 3);
  log.positions.emplace_back("2");
  const auto policy = make_logged_policy(log);
  EXPECT_THAT(all(*policy), ElementsAre(0.75, 0, 0.25));
  EXPECT_DOUBLE_EQ(policy->probability({kList, {.action = 2, .position = 1}, {}}),
                   0.25);  // without rounds: over all positions
}

TEST(CandidatePolicy, AGreedyPolicyTakesTheBestThatIsNotInTheListYet) {
  const auto policy = make_greedy_policy(model());
  EXPECT_THAT(all(*policy), ElementsAre(1, 0, 0));
  EXPECT_THAT(all(*policy, {0}), ElementsAre(0, 1, 0));
}

TEST(CandidatePolicy, SoftmaxPrefersHigherRewardsByTheTemperature) {
  const auto p = all(*make_softmax_policy(model(), 0.5));
  EXPECT_NEAR(p[0] / p[1], std::exp(0.5), 1e-12);
  EXPECT_NEAR(p[1] / p[2], std::exp(0.5), 1e-12);
  EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-12);
  EXPECT_NEAR(all(*make_softmax_policy(model(), 1e-6))[0], 1, 1e-12);
}

TEST(CandidatePolicy, ARecordedPolicyKnowsLoggedActionsOnly) {
  const auto policy = make_recorded_policy();
  std::vector<double> probabilities(3);
  EXPECT_EQ(policy->probability({kList, {.candidate = 0.7}, {}}), 0.7);
  EXPECT_FALSE(policy->probabilities({kList, {.candidate = 0.7}, {}}, probabilities));
}

}  // namespace
}  // namespace freshet::online

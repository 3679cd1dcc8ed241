// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/off_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using testing::BanditWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::small_log;

const BanditWorld kWorld{{0.5, 0.3, 0.2}, {0.1, 0.2, 0.4}};

const OffPolicyEstimate& of(const OffPolicyResult& result, const std::string& name) {
  return *std::ranges::find(result.estimates, name, &OffPolicyEstimate::name);
}

/// The reasons for the log, with a uniform candidate.
std::vector<std::string> refusals(const LoggedFeedback& log, const OffPolicyOptions& options = {}) {
  const auto candidate = make_context_free_policy({std::vector<double>(log.actions.size(), 1.0 / 3)});
  const OffPolicyResult result = estimate_off_policy(log, *candidate, options);
  EXPECT_NE(result.refusals.empty(), result.estimates.empty());
  return result.refusals;
}

TEST(OffPolicy, EveryEstimatorHasItsIntervals) {
  const auto log = kWorld.log(1000, 1);
  OffPolicyOptions options;
  options.least_propensity = 0.2;
  const OffPolicyResult result = estimate_off_policy(log, *make_uniform_policy(log), options);
  ASSERT_TRUE(result.refusals.empty());
  std::vector<std::string> names;
  for (const OffPolicyEstimate& estimate : result.estimates) {
    names.push_back(estimate.name);
    EXPECT_EQ(estimate.bootstrap.has_value(), estimate.name != "DM");
    EXPECT_EQ(estimate.difference.has_value(), estimate.name != "DM");
    EXPECT_EQ(estimate.anytime.has_value(), estimate.name == "IPS" || estimate.name == "DR");
    EXPECT_NEAR(estimate.value, 0.7 / 3, 0.05) << estimate.name;
  }
  EXPECT_THAT(names, ElementsAre("IPS", "SNIPS", "DM", "DR", "DRos"));
  EXPECT_EQ(result.clusters, 1000U);
  EXPECT_TRUE(result.notes.empty());
  EXPECT_LE(of(result, "DRos").bootstrap->low, of(result, "DR").bootstrap->low);
}

TEST(OffPolicy, SnipsIsIpsDividedByTheMeanWeight) {
  const auto log = kWorld.log(1000, 1);
  const OffPolicyResult result = estimate_off_policy(log, *make_uniform_policy(log), {});
  EXPECT_NEAR(of(result, "SNIPS").value, of(result, "IPS").value / result.weights.mean, 1e-12);
}

TEST(OffPolicy, TheLoggingPolicyAsItsOwnCandidateEarnsWhatItEarned) {
  const auto log = kWorld.log(1000, 1);
  const OffPolicyResult result = estimate_off_policy(log, *make_context_free_policy({kWorld.logging}), {});
  EXPECT_NEAR(of(result, "IPS").value, result.logged_value, 1e-12);
  EXPECT_NEAR(of(result, "IPS").difference->low, 0, 1e-12);
  EXPECT_NEAR(result.weights.effective, 1000, 1e-6);
}

TEST(OffPolicy, ListsOfOneOwnerAreOneClusterIfAllOwnersAreKnown) {
  auto log = kWorld.log(100, 1);
  for (std::size_t i = 0; i < 100; ++i) log.lists[i].owner = static_cast<std::uint32_t>(7 + i % 10);
  OffPolicyOptions options;
  options.min_effective = 5;
  EXPECT_EQ(estimate_off_policy(log, *make_uniform_policy(log), options).clusters, 10U);
  EXPECT_THAT(refusals(log), ElementsAre(HasSubstr("the effective sample size is ")));  // ten owners say little
  log.lists[3].owner = LoggedList::kNone;
  EXPECT_EQ(estimate_off_policy(log, *make_uniform_policy(log), {}).clusters, 100U);
}

TEST(OffPolicy, ClippingIsReportedAndBiasesDownwards) {
  const auto log = kWorld.log(1000, 1);
  OffPolicyOptions options;
  options.max_weight = 1;
  const OffPolicyResult clipped = estimate_off_policy(log, *make_uniform_policy(log), options);
  EXPECT_GT(clipped.weights.clipped, 300U);
  EXPECT_LT(of(clipped, "IPS").value, of(estimate_off_policy(log, *make_uniform_policy(log), {}), "IPS").value);
}

TEST(OffPolicy, FewRewardsAreNoted) {
  auto log = kWorld.log(1000, 1);
  for (LoggedRound& round : log.rounds) round.reward = 0;
  for (std::size_t i = 0; i < 5; ++i) log.rounds[i].reward = 1;
  const auto notes = estimate_off_policy(log, *make_context_free_policy({kWorld.logging}), {}).notes;
  EXPECT_THAT(notes.front(), HasSubstr("rest on 5.0 effective rewards"));
}

TEST(OffPolicy, AnytimeIntervalsNeedRewardsInTheirRange) {
  auto log = kWorld.log(1000, 1);
  log.rounds[5].reward = 3;
  const OffPolicyResult result = estimate_off_policy(log, *make_uniform_policy(log), {});
  EXPECT_FALSE(of(result, "IPS").anytime);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("rewards from 0 to 1, these are from 0 to 3")));
  OffPolicyOptions options;
  options.max_reward = 3;
  EXPECT_TRUE(of(estimate_off_policy(log, *make_uniform_policy(log), options), "IPS").anytime);
}

TEST(OffPolicy, AUniformLoggingPolicyIsRecognizedByItsPropensities) {
  const BanditWorld uniform{{0.25, 0.25, 0.25, 0.25}, {0.1, 0.2, 0.3, 0.4}};
  const auto log = uniform.log(2000, 1);
  const OffPolicyResult result = estimate_off_policy(log, *make_context_free_policy({{0.1, 0.1, 0.4, 0.4}}), {});
  EXPECT_TRUE(result.notes.empty());
  ASSERT_TRUE(of(result, "DR").anytime);
  EXPECT_LT(of(result, "DR").anytime->high, 0.5);
}

TEST(OffPolicy, ALogThatCannotSayIsRefused) {
  EXPECT_THAT(refusals(small_log({}, 3)), ElementsAre("the log has no rounds"));
  auto log = kWorld.log(100, 1);
  log.rounds[4].propensity = std::nan("");
  EXPECT_THAT(refusals(log), ElementsAre("1 of 100 rounds have no propensity; the first is log:5"));
  log.rounds[4].propensity = 0;
  log.rounds[9].propensity = 1.5;
  EXPECT_THAT(refusals(log),
              ElementsAre("2 of 100 rounds have a propensity that is not above 0 and at most 1; the first is log:5"));
  for (LoggedRound& round : log.rounds) round.propensity = std::nan("");
  EXPECT_THAT(refusals(log), ElementsAre(HasSubstr("no round has a propensity")));
  for (LoggedRound& round : log.rounds) round.propensity = 1;
  EXPECT_THAT(refusals(log), ElementsAre(HasSubstr("left nothing to chance")));
  for (LoggedRound& round : log.rounds) {
    round.action = 1;
    round.reward = 0;
  }
  EXPECT_THAT(refusals(log), ElementsAre("no round has a reward", HasSubstr("one action only")));
}

TEST(OffPolicy, APropensityBelowTheLeastOneIsRefused) {
  auto log = kWorld.log(100, 1);
  OffPolicyOptions options;
  options.least_propensity = 0.25;
  EXPECT_THAT(refusals(log, options), ElementsAre(HasSubstr("a propensity below the least one given")));
  for (LoggedRound& round : log.rounds) round.least_propensity = 0.25;
  EXPECT_THAT(refusals(log), ElementsAre(HasSubstr("a propensity below the least one that they state")));
}

TEST(OffPolicy, ACandidateWithoutOverlapIsRefused) {
  const BanditWorld half{{0.5, 0.5, 0}, {0.1, 0.2, 0.4}};
  EXPECT_THAT(refusals(half.log(1000, 1)), ElementsAre(HasSubstr("33.3 % of the candidate policy's choices")));
  OffPolicyOptions options;
  options.max_uncovered = 0.4;
  EXPECT_TRUE(refusals(half.log(1000, 1), options).empty());
  // What the log cannot show by the actions it has, the mean weight shows: here rounds with a choice of one.
  auto log = kWorld.log(1000, 1);
  for (std::size_t i = 0; i < 500; ++i) log.rounds[i].propensity = 1;
  EXPECT_THAT(refusals(log),
              ElementsAre(HasSubstr("of the candidate policy's choices are ones that the logging policy never")));
}

TEST(OffPolicy, ATooSmallEffectiveSampleIsRefused) {
  EXPECT_THAT(refusals(kWorld.log(20, 3)), ElementsAre(HasSubstr("at least 30 are needed")));
}

TEST(OffPolicy, ARecordedCandidateThatIsNoProbabilityIsRefused) {
  auto log = kWorld.log(100, 1);
  for (LoggedRound& round : log.rounds) round.candidate = 1.0 / 3;
  OffPolicyOptions options;
  options.recorded_candidate = true;
  EXPECT_TRUE(estimate_off_policy(log, *make_recorded_policy(), options).refusals.empty());
  log.rounds[2].candidate = std::nan("");
  EXPECT_THAT(estimate_off_policy(log, *make_recorded_policy(), options).refusals.front(), HasSubstr("is log:3"));
}

}  // namespace
}  // namespace freshet::online

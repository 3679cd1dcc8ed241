// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/off_policy.h"

#include <gtest/gtest.h>

#include <map>

#include "online/measure/off_policy/confidence_sequence.h"
#include "tests/support/logged_worlds.h"

namespace freshet::online {
namespace {

using testing::BanditWorld;
using testing::ListWorld;

constexpr int kRepetitions = 1000;

/// How many of kRepetitions intervals hold the truth, by estimator.
struct Coverage {
  std::map<std::string, int> bootstrap, anytime;
  std::map<std::string, double> sum_of_values;

  void add(const OffPolicyResult& result, double truth) {
    ASSERT_TRUE(result.refusals.empty()) << result.refusals.front();
    for (const OffPolicyEstimate& estimate : result.estimates) {
      sum_of_values[estimate.name] += estimate.value / kRepetitions;
      const auto holds = [&](const std::optional<Interval>& interval) {
        return interval && interval->low <= truth && truth <= interval->high ? 1 : 0;
      };
      bootstrap[estimate.name] += holds(estimate.bootstrap);
      anytime[estimate.name] += holds(estimate.anytime);
    }
  }

  void expect_nominal(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      std::printf("%s: bootstrap %d, anytime %d, mean %f\n", name, bootstrap[name], anytime[name], sum_of_values[name]);
      EXPECT_GE(bootstrap[name], kRepetitions * 93 / 100) << name;
      EXPECT_LE(bootstrap[name], kRepetitions * 97 / 100) << name;
    }
  }
};

TEST(OffPolicyProperty, IntervalsHoldTheKnownValueOfAPolicyAsOftenAsTheyPromise) {
  const BanditWorld world{{0.4, 0.3, 0.2, 0.1}, {0.2, 0.4, 0.5, 0.7}};
  const std::vector<double> policy{0.1, 0.2, 0.4, 0.3};
  const auto candidate = make_context_free_policy({policy});
  OffPolicyOptions options;
  options.resamples = 400;
  options.least_propensity = 0.1;
  Coverage coverage;
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    options.seed = static_cast<std::uint64_t>(repetition + 1);
    coverage.add(estimate_off_policy(world.log(500, mix64(options.seed)), *candidate, options), world.value(policy));
  }
  coverage.expect_nominal({"IPS", "SNIPS", "DR", "DRos"});
  for (const char* name : {"IPS", "SNIPS", "DR"}) {
    EXPECT_NEAR(coverage.sum_of_values[name], world.value(policy), 0.005) << name;
  }
  for (const char* name : {"IPS", "DR"}) EXPECT_GE(coverage.anytime[name], kRepetitions * 95 / 100) << name;
}

TEST(OffPolicyProperty, IntervalsOfListsHoldAlthoughItemsOfAListAreNotIndependent) {
  const ListWorld world{{2, 1.5, 1, 1}, {0.1, 0.2, 0.3, 0.4}};
  const auto candidate = make_uniform_policy(world.log(1, 1));
  OffPolicyOptions options;
  options.propensities = PropensityKind::step;
  options.resamples = 400;
  options.max_reward = 1;
  Coverage coverage;
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    options.seed = static_cast<std::uint64_t>(repetition + 1);
    coverage.add(estimate_off_policy(world.log(400, mix64(options.seed)), *candidate, options), world.uniform_value());
  }
  coverage.expect_nominal({"IPS", "SNIPS", "DR", "DRos"});
  for (const char* name : {"IPS", "SNIPS", "DR"}) {
    EXPECT_NEAR(coverage.sum_of_values[name], world.uniform_value(), 0.005) << name;
  }
  EXPECT_GE(coverage.anytime["IPS"], kRepetitions * 95 / 100);
}

TEST(OffPolicyProperty, AConfidenceSequenceHoldsAtAllTimesAtOnce) {
  constexpr double kAlpha = 0.05, kMean = 0.3;
  // Outcomes as of importance weights: the rarer, the larger.
  for (const double probability : {0.5, 0.05, 0.005}) {
    int missed = 0;
    double bound = 0;
    for (int repetition = 0; repetition < kRepetitions; ++repetition) {
      Random random(mix64(static_cast<std::uint64_t>(repetition + 1)));
      LowerConfidenceSequence sequence(kAlpha, 0);
      bool ever = false;
      for (int i = 0; i < 2000; ++i) {
        sequence.add(random.uniform() < probability ? kMean / probability : 0, 0);
        ever = ever || sequence.rejects(kMean);
      }
      missed += ever ? 1 : 0;
      bound += sequence.lower() / kRepetitions;
    }
    std::printf("probability %g: missed %d, mean bound %f\n", probability, missed, bound);
    EXPECT_LE(missed, kRepetitions * kAlpha);
    EXPECT_GT(bound, probability < 0.01 ? 0.01 : 0.2);
  }
}

}  // namespace
}  // namespace freshet::online

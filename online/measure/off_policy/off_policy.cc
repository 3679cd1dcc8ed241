// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/off_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "online/measure/off_policy/anytime_interval.h"
#include "online/measure/off_policy/estimators.h"
#include "online/measure/off_policy/refusals.h"
#include "online/measure/off_policy/reward_predictions.h"

namespace freshet::online {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Sums what rounds add by the cluster of their list.
class ClusterSums {
 public:
  ClusterSums(const LoggedFeedback& log, const std::vector<std::uint32_t>& cluster_of_list)
      : log_(log), cluster_of_list_(cluster_of_list), clusters_(1 + std::ranges::max(cluster_of_list)) {}

  template <typename OfRound>
  std::vector<double> sum(OfRound of_round) const {
    std::vector<double> sums(clusters_);
    for (std::size_t list = 0; list < log_.lists.size(); ++list) {
      const LoggedList& its = log_.lists[list];
      for (std::size_t i = its.first_round; i < its.first_round + its.rounds; ++i) {
        sums[cluster_of_list_[list]] += of_round(i);
      }
    }
    return sums;
  }

  std::vector<double> lists() const {
    std::vector<double> sums(clusters_);
    for (const std::uint32_t cluster : cluster_of_list_) ++sums[cluster];
    return sums;
  }

  ClusterRatio per_list(const RoundTerms& terms) const {
    return {sum([&](std::size_t i) { return terms[i]; }), lists()};
  }

  std::size_t clusters() const { return clusters_; }

 private:
  const LoggedFeedback& log_;
  const std::vector<std::uint32_t>& cluster_of_list_;
  const std::size_t clusters_;
};

/// The share of the candidate's actions that the logging policy never takes: those that are not in the log, or, if more,
/// what the mean weight lacks of 1 beyond chance.
double uncovered_share(const ImportanceWeights& weights, std::optional<double> never_logged) {
  return std::clamp(std::max(never_logged.value_or(0), 1 - weights.mean - 3 * weights.mean_error), 0.0, 1.0);
}

/// The smallest propensity that an action can have by design: as given, as recorded, or of a uniform policy, which is
/// recognized by its propensities. 0: unknown.
double least_propensity(const LoggedFeedback& log, const OffPolicyOptions& options) {
  if (options.least_propensity > 0) return options.least_propensity;
  const double first = log.rounds.front().propensity;
  const bool uniform = std::ranges::all_of(log.rounds, [&](const auto& round) { return round.propensity == first; });
  if (uniform && std::abs(first * static_cast<double>(log.actions.size()) - 1) < 1e-6) return first;
  double least = 1;
  for (const LoggedRound& round : log.rounds) {
    if (!(round.least_propensity > 0)) return 0;
    least = std::min(least, round.least_propensity);
  }
  return least;
}

class Estimation {
 public:
  Estimation(const LoggedFeedback& log, const std::vector<std::uint32_t>& cluster_of_list,
             const CandidatePolicy& candidate, const OffPolicyOptions& options, OffPolicyResult& result)
      : log_(log),
        candidate_(candidate),
        options_(options),
        result_(result),
        cluster_of_list_(cluster_of_list),
        sums_(log, cluster_of_list) {
    result_.clusters = sums_.clusters();
  }

  void run() {
    add_estimates();
    add_bootstrap_intervals();
    add_anytime_intervals();
  }

 private:
  void add(std::string name, ClusterRatio ratio) {
    result_.estimates.push_back({std::move(name), ratio.value(), {}, {}, {}});
    ratios_.push_back(std::move(ratio));
  }

  void add_estimates() {
    const RoundTerms ips = ips_terms(log_, result_.weights);
    note_few_rewards(sums_.per_list(ips).numerators);
    add("IPS", sums_.per_list(ips));
    const double rounds_per_list = static_cast<double>(log_.rounds.size()) / static_cast<double>(log_.lists.size());
    add("SNIPS", {sums_.sum([&](std::size_t i) { return ips[i] * rounds_per_list; }),
                  sums_.sum([&](std::size_t i) { return result_.weights.weights[i]; })});
    const auto predictions = options_.recorded_predictions
                                 ? recorded_predictions(log_)
                                 : cross_fitted_predictions(log_, candidate_, options_.propensities, cluster_of_list_,
                                                            options_.folds, options_.seed);
    if (!predictions) {
      result_.notes.emplace_back(
          "no DM, DR and DRos: they need the candidate policy's probability of every item, or predictions "
          "(--prediction)");
      return;
    }
    result_.lambda = options_.lambda ? *options_.lambda : choose_lambda(log_, result_.weights, *predictions);
    add("DM", sums_.per_list(dm_terms(*predictions)));
    add("DR", sums_.per_list(dr_terms(log_, result_.weights, *predictions)));
    add("DRos", sums_.per_list(dros_terms(log_, result_.weights, *predictions, *result_.lambda)));
  }

  /// With few rewards, resamples do not contain what could have happened.
  void note_few_rewards(const std::vector<double>& weighted_rewards) {
    constexpr double kEnough = 30;
    double sum = 0, squares = 0;
    for (const double reward : weighted_rewards) {
      sum += std::abs(reward);
      squares += reward * reward;
    }
    const double effective = squares > 0 ? sum * sum / squares : 0;
    if (effective >= kEnough) return;
    result_.notes.push_back(
        fmt::format("the estimates rest on {:.1f} effective rewards; below {:g} bootstrap intervals are too narrow",
                    effective, kEnough));
  }

  void add_bootstrap_intervals() {
    const ClusterRatio logged{sums_.sum([&](std::size_t i) { return log_.rounds[i].reward; }), sums_.lists()};
    result_.logged_value = logged.value();
    ratios_.push_back(logged);
    const auto values = bootstrap(ratios_, options_.resamples, options_.seed);
    const auto& logged_values = values.back();
    result_.logged = percentile_interval(logged_values, options_.level);
    for (std::size_t i = 0; i < result_.estimates.size(); ++i) {
      if (result_.estimates[i].name == "DM") continue;  // resampling rounds does not show the error of the model
      result_.estimates[i].bootstrap = percentile_interval(values[i], options_.level);
      std::vector<double> differences(options_.resamples);
      std::ranges::transform(values[i], logged_values, differences.begin(), std::minus());
      result_.estimates[i].difference = percentile_interval(std::move(differences), options_.level);
    }
    widen_shrunk_intervals();
  }

  /// Shrinkage biases DRos, which its resamples do not show. DR has no such bias, so DRos gets its intervals too.
  void widen_shrunk_intervals() {
    OffPolicyEstimate* shrunk = find("DRos");
    if (shrunk == nullptr) return;
    const OffPolicyEstimate& unbiased = *find("DR");
    const auto widen = [](Interval& interval, const Interval& other) {
      interval = {std::min(interval.low, other.low), std::max(interval.high, other.high)};
    };
    widen(*shrunk->bootstrap, *unbiased.bootstrap);
    widen(*shrunk->difference, *unbiased.difference);
  }

  void add_anytime_intervals() {
    const auto [least, most] = std::ranges::minmax(log_.rounds, {}, &LoggedRound::reward);
    if (least.reward < 0 || most.reward > options_.max_reward) {
      result_.notes.push_back(
          fmt::format("no anytime-valid interval: it needs rewards from 0 to {}, these are from {} to {}",
                      options_.max_reward, least.reward, most.reward));
      return;
    }
    AnytimeAssumptions assumptions{1 - options_.level, options_.max_reward, kInfinity, result_.uncovered};
    const bool single = std::ranges::all_of(log_.lists, [](const auto& list) { return list.rounds == 1; });
    const bool step = options_.propensities == PropensityKind::step && !single;
    const double propensity = least_propensity(log_, options_);
    if (propensity > 0 && !step) {
      assumptions.largest_weight = candidate_.largest_probability() / propensity;
    } else {
      result_.notes.emplace_back(
          "the anytime-valid interval is wide, because the largest possible weight is unknown (--least-propensity)");
    }
    find("IPS")->anytime = anytime_ips(log_, result_.weights, assumptions);
    OffPolicyEstimate* dr = find("DR");
    if (dr == nullptr || options_.recorded_predictions || std::isinf(assumptions.largest_weight)) return;
    if (const auto predictions = forward_predictions(log_, candidate_, options_.propensities)) {
      dr->anytime = anytime_dr(log_, result_.weights, *predictions, assumptions);
    }
  }

  OffPolicyEstimate* find(const std::string& name) {
    const auto found = std::ranges::find(result_.estimates, name, &OffPolicyEstimate::name);
    return found == result_.estimates.end() ? nullptr : &*found;
  }

  const LoggedFeedback& log_;
  const CandidatePolicy& candidate_;
  const OffPolicyOptions& options_;
  OffPolicyResult& result_;
  const std::vector<std::uint32_t>& cluster_of_list_;
  const ClusterSums sums_;
  std::vector<ClusterRatio> ratios_;  // of result_.estimates
};

}  // namespace

OffPolicyResult estimate_off_policy(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                    const OffPolicyOptions& options) {
  OffPolicyResult result;
  result.lists = log.lists.size();
  result.rounds = log.rounds.size();
  result.refusals = log_refusals(log);
  if (!result.refusals.empty()) return result;
  const auto cluster_of_list = clusters_of(log);
  result.weights = importance_weights(log, candidate, options.propensities, options.max_weight, cluster_of_list);
  result.uncovered = uncovered_share(result.weights, never_logged_share(log, candidate, options.propensities));
  result.refusals = candidate_refusals(log, result.weights, result.uncovered, options);
  if (result.refusals.empty()) Estimation(log, cluster_of_list, candidate, options, result).run();
  return result;
}

}  // namespace freshet::online

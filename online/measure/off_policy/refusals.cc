// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "online/measure/off_policy/off_policy.h"

namespace freshet::online {
namespace {

constexpr double kLargestWeight = 1e12;  // sums of squares stay exact enough

/// "12 of 100 rounds ..., the first is FILE:3"; nullopt if no round is bad.
template <typename IsBad>
std::optional<std::string> bad_rounds(const LoggedFeedback& log, const std::string& what, IsBad is_bad) {
  const auto first = std::ranges::find_if(log.rounds, is_bad);
  if (first == log.rounds.end()) return std::nullopt;
  return fmt::format("{} of {} rounds have {}; the first is {}", std::ranges::count_if(log.rounds, is_bad),
                     log.rounds.size(), what, log.place(*first));
}

bool is_missing(const LoggedRound& round) { return std::isnan(round.propensity); }

bool is_impossible(const LoggedRound& round) {
  return !is_missing(round) && !(round.propensity > 0 && round.propensity <= 1);
}

}  // namespace

std::vector<std::string> log_refusals(const LoggedFeedback& log) {
  if (log.rounds.empty()) return {"the log has no rounds"};
  std::vector<std::string> reasons;
  if (std::ranges::all_of(log.rounds, is_missing)) {
    reasons.emplace_back("no round has a propensity: the log does not say how likely each action was");
  } else if (auto missing = bad_rounds(log, "no propensity", is_missing)) {
    reasons.push_back(*std::move(missing));
  }
  if (auto impossible = bad_rounds(log, "a propensity that is not above 0 and at most 1", is_impossible)) {
    reasons.push_back(*std::move(impossible));
  }
  const auto below_least = [](const LoggedRound& round) {
    return round.propensity < round.least_propensity * (1 - 1e-9);
  };
  if (auto below = bad_rounds(log, "a propensity below the least one that they state", below_least)) {
    reasons.push_back(*std::move(below));
  }
  if (std::ranges::all_of(log.rounds, [](const auto& round) { return round.reward == 0; })) {
    reasons.emplace_back("no round has a reward");
  }
  const auto first = log.rounds.front().action;
  if (std::ranges::all_of(log.rounds, [&](const auto& round) { return round.action == first; })) {
    reasons.emplace_back("the log has one action only, so it says nothing about any other");
  } else if (std::ranges::all_of(log.rounds, [](const auto& round) { return round.propensity == 1; })) {
    reasons.emplace_back("every propensity is 1: the logging policy left nothing to chance");
  }
  return reasons;
}

std::vector<std::string> candidate_refusals(const LoggedFeedback& log, const ImportanceWeights& weights,
                                            double uncovered, const OffPolicyOptions& options) {
  const auto no_probability = [&](const LoggedRound& round) {
    return options.recorded_candidate && !(round.candidate >= 0 && round.candidate <= 1);
  };
  std::vector<std::string> reasons;
  if (auto bad = bad_rounds(log, "a probability under the candidate policy that is not from 0 to 1", no_probability)) {
    reasons.push_back(*std::move(bad));
  }
  const auto below_least = [&](const LoggedRound& round) { return round.propensity < options.least_propensity; };
  if (auto below = bad_rounds(log, "a propensity below the least one given", below_least)) {
    reasons.push_back(*std::move(below));
  }
  if (!(weights.largest <= kLargestWeight)) {
    reasons.push_back(fmt::format("an importance weight is above {:g}: a propensity is too small", kLargestWeight));
    return reasons;
  }
  if (uncovered > options.max_uncovered) {
    reasons.push_back(
        fmt::format("{:.1f} % of the candidate policy's choices are ones that the logging policy never makes, at most "
                    "{:.1f} % may be",
                    100 * uncovered, 100 * options.max_uncovered));
  }
  if (weights.effective < options.min_effective) {
    reasons.push_back(fmt::format(
        "the effective sample size is {:.1f}, at least {:.0f} are needed: the policies are too different, or "
        "the log is too short",
        weights.effective, options.min_effective));
  }
  return reasons;
}

}  // namespace freshet::online

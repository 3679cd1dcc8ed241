// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "online/measure/off_policy/choice.h"
#include "online/measure/off_policy/logged_feedback.h"
#include "online/measure/off_policy/reward_model.h"

namespace freshet::online {

/// A policy whose value is asked for. It says how likely it would have put each action at the position of a round.
/// Threads: all methods may be called concurrently.
class CandidatePolicy {
 public:
  virtual ~CandidatePolicy() = default;

  /// The probability of the round's own action.
  virtual double probability(const Choice& choice) const = 0;

  /// Writes the probability of every action to `out`; false if only that of the round's own action is known.
  /// REQUIRES: out has an element for each action of the log.
  virtual bool probabilities(const Choice& choice, std::span<double> out) const = 0;

  /// No action has a larger probability in any round.
  virtual double largest_probability() const = 0;
};

/// Probabilities by position: [position][action], each row sums to 1. Below other actions of a list, what these had is
/// divided among the rest in proportion (Plackett-Luce).
std::unique_ptr<CandidatePolicy> make_context_free_policy(std::vector<std::vector<double>> probabilities);

/// Every action with the same probability.
std::unique_ptr<CandidatePolicy> make_uniform_policy(const LoggedFeedback& log);

/// As often as the log has each action at each position.
/// Positions without a round get the frequencies over all positions.
std::unique_ptr<CandidatePolicy> make_logged_policy(const LoggedFeedback& log);

/// The action with the highest predicted reward at the position that is not in the list yet, always.
std::unique_ptr<CandidatePolicy> make_greedy_policy(const RewardModel& model);

/// Actions with a probability in proportion to exp(predicted reward / temperature).
std::unique_ptr<CandidatePolicy> make_softmax_policy(const RewardModel& model, double temperature);

/// What the log itself says: LoggedRound::candidate.
std::unique_ptr<CandidatePolicy> make_recorded_policy();

}  // namespace freshet::online

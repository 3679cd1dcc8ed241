// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::testing {

/// A log of single decisions at one position, given as {action, reward, propensity}.
inline online::LoggedFeedback small_log(const std::vector<online::LoggedRound>& rounds, std::size_t actions) {
  online::LoggedFeedback log;
  log.rounds = rounds;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    log.rounds[i].line = i + 1;
    log.lists.push_back({.first_round = i, .rounds = 1});
  }
  for (std::size_t action = 0; action < actions; ++action)
    log.actions.push_back(std::string(1, static_cast<char>('a' + action)));
  log.positions = {"1"};
  log.sources = {"log"};
  return log;
}

inline std::size_t draw(Random& random, const std::vector<double>& probabilities) {
  double left = random.uniform();
  for (std::size_t i = 0; i + 1 < probabilities.size(); ++i) {
    if ((left -= probabilities[i]) < 0) return i;
  }
  return probabilities.size() - 1;
}

/// A world in which actions earn 1 with known probabilities, and a policy that logs.
struct BanditWorld {
  std::vector<double> logging, rates;

  online::LoggedFeedback log(std::size_t rounds, std::uint64_t seed) const {
    Random random(seed);
    std::vector<online::LoggedRound> all(rounds);
    for (online::LoggedRound& round : all) {
      round.action = static_cast<std::uint32_t>(draw(random, logging));
      round.propensity = logging[round.action];
      round.reward = random.uniform() < rates[round.action] ? 1 : 0;
    }
    return small_log(all, rates.size());
  }

  /// The true value of a policy.
  double value(const std::vector<double>& policy) const {
    double sum = 0;
    for (std::size_t action = 0; action < policy.size(); ++action) sum += policy[action] * rates[action];
    return sum;
  }
};

/// Lists without replacement: step by step in proportion to the weights of the actions left. An item earns 1 with its rate;
/// all items of a list share a mood of the visitor, so rewards within a list are not independent.
struct ListWorld {
  std::vector<double> weights, rates;
  std::size_t positions = 2;

  online::LoggedFeedback log(std::size_t lists, std::uint64_t seed) const {
    online::LoggedFeedback log = small_log({}, rates.size());
    log.positions.clear();
    for (std::size_t position = 0; position < positions; ++position)
      log.positions.push_back(std::to_string(position + 1));
    Random random(seed);
    for (std::size_t list = 0; list < lists; ++list) {
      log.lists.push_back({.first_round = log.rounds.size(), .rounds = positions});
      const double mood = random.uniform() < 0.5 ? 0.4 : 1.6;
      auto left = weights;
      for (std::uint32_t position = 0; position < positions; ++position) {
        online::LoggedRound round;
        double sum = 0;
        for (const double weight : left) sum += weight;
        std::vector<double> step(left);
        for (double& probability : step) probability /= sum;
        round.action = static_cast<std::uint32_t>(draw(random, step));
        round.position = position;
        round.propensity = step[round.action];
        round.reward = random.uniform() < mood * rates[round.action] ? 1 : 0;
        left[round.action] = 0;
        log.rounds.push_back(round);
      }
    }
    return log;
  }

  /// The true value of showing every action with the same probability.
  double uniform_value() const {
    double sum = 0;
    for (const double rate : rates) sum += rate;
    return sum / static_cast<double>(rates.size()) * static_cast<double>(positions);
  }
};

}  // namespace freshet::testing

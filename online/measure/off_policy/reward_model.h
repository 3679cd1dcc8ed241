// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/measure/off_policy/logged_feedback.h"

namespace freshet::online {

/// Counts and sums of rewards by position and action: what a RewardModel is fitted to.
class RewardSums {
 public:
  RewardSums(std::size_t actions, std::size_t positions) : actions_(actions), cells_(actions * positions) {}

  void add(const LoggedRound& round);
  void add(const RewardSums& other);
  void subtract(const RewardSums& other);

  struct Cell {
    double count = 0, sum = 0, squares = 0;
  };
  std::size_t actions() const { return actions_; }
  std::size_t positions() const { return cells_.size() / actions_; }
  std::span<const Cell> at(std::size_t position) const {
    return std::span(cells_).subspan(position * actions_, actions_);
  }

 private:
  std::size_t actions_;
  std::vector<Cell> cells_;  // [position][action]
};

/// Predicts the reward of an action at a position: its mean, shrunk to the mean of the position as if that had been seen
/// in m more rounds. m is the variance of a reward divided by that between actions, both estimated from the data
/// (one-way random effects, method of moments), so actions that do not differ get the same prediction.
/// Cost: a double per action and position.
class RewardModel {
 public:
  explicit RewardModel(const RewardSums& sums);
  /// With a given m.
  RewardModel(const RewardSums& sums, double prior_rounds);

  double predict(std::uint32_t action, std::uint32_t position) const { return means_[position * actions_ + action]; }
  /// Over all actions and positions.
  double largest() const { return largest_; }
  double prior_rounds() const { return prior_rounds_; }  ///< m; infinity: all actions get the mean of their position

  std::size_t actions() const { return actions_; }
  std::size_t positions() const { return means_.size() / actions_; }

 private:
  std::size_t actions_;
  double prior_rounds_;
  std::vector<double> means_;  // [position][action]
  double largest_;
};

}  // namespace freshet::online

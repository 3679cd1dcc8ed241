// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/reward_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace freshet::online {
namespace {

using Cell = RewardSums::Cell;

Cell total(std::span<const Cell> cells) {
  Cell sum;
  for (const Cell& cell : cells) {
    sum.count += cell.count;
    sum.sum += cell.sum;
    sum.squares += cell.squares;
  }
  return sum;
}

double mean_of(const Cell& cell, double otherwise) { return cell.count > 0 ? cell.sum / cell.count : otherwise; }

/// The variance of a reward within a cell, divided by the variance between the cells of a position; infinity if these
/// differ by no more than chance.
double variance_ratio(const RewardSums& sums) {
  double within = 0, within_freedom = 0, between = 0, between_freedom = 0, effective = 0;
  for (std::size_t position = 0; position < sums.positions(); ++position) {
    const Cell all = total(sums.at(position));
    if (all.count == 0) continue;
    const double mean = all.sum / all.count;
    double cells = 0, squared_counts = 0;
    for (const Cell& cell : sums.at(position)) {
      if (cell.count == 0) continue;
      const double cell_mean = cell.sum / cell.count;
      within += std::max(0.0, cell.squares - cell.sum * cell_mean);
      between += cell.count * (cell_mean - mean) * (cell_mean - mean);
      squared_counts += cell.count * cell.count;
      ++cells;
    }
    within_freedom += all.count - cells;
    between_freedom += cells - 1;
    effective += all.count - squared_counts / all.count;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (within_freedom < 1 || between_freedom < 1 || effective <= 0) return kInfinity;
  const double variance = within / within_freedom;
  const double between_actions = (between - between_freedom * variance) / effective;
  return between_actions > 0 ? variance / between_actions : kInfinity;
}

}  // namespace

void RewardSums::add(const LoggedRound& round) {
  Cell& cell = cells_[round.position * actions_ + round.action];
  ++cell.count;
  cell.sum += round.reward;
  cell.squares += round.reward * round.reward;
}

void RewardSums::add(const RewardSums& other) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i].count += other.cells_[i].count;
    cells_[i].sum += other.cells_[i].sum;
    cells_[i].squares += other.cells_[i].squares;
  }
}

void RewardSums::subtract(const RewardSums& other) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    cells_[i].count -= other.cells_[i].count;
    cells_[i].sum -= other.cells_[i].sum;
    cells_[i].squares -= other.cells_[i].squares;
  }
}

RewardModel::RewardModel(const RewardSums& sums) : RewardModel(sums, variance_ratio(sums)) {}

RewardModel::RewardModel(const RewardSums& sums, double prior_rounds)
    : actions_(sums.actions()), prior_rounds_(prior_rounds) {
  Cell overall;
  for (std::size_t position = 0; position < sums.positions(); ++position) {
    const Cell here = total(sums.at(position));
    overall.count += here.count;
    overall.sum += here.sum;
  }
  const double overall_mean = mean_of(overall, 0);
  for (std::size_t position = 0; position < sums.positions(); ++position) {
    const double mean = mean_of(total(sums.at(position)), overall_mean);
    for (const Cell& cell : sums.at(position)) {
      const double weight =
          std::isinf(prior_rounds_) || cell.count == 0 ? 0 : cell.count / (cell.count + prior_rounds_);
      means_.push_back(mean + weight * (mean_of(cell, mean) - mean));
    }
  }
  largest_ = std::ranges::max(means_);
}

}  // namespace freshet::online

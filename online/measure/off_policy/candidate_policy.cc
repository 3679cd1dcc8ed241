// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/candidate_policy.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace freshet::online {
namespace {

bool contains(std::span<const std::uint32_t> actions, std::uint32_t action) {
  return std::ranges::find(actions, action) != actions.end();
}

class ContextFreePolicy final : public CandidatePolicy {
 public:
  explicit ContextFreePolicy(std::vector<std::vector<double>> probabilities)
      : probabilities_(std::move(probabilities)) {}

  double probability(const Choice& choice) const override {
    if (contains(choice.above, choice.round.action)) return 0;
    return probabilities_[choice.round.position][choice.round.action] * scale(choice);
  }

  bool probabilities(const Choice& choice, std::span<double> out) const override {
    const double factor = scale(choice);
    std::ranges::transform(probabilities_[choice.round.position], out.begin(), [&](double p) { return p * factor; });
    for (const std::uint32_t action : choice.above) out[action] = 0;
    return true;
  }

  double largest_probability() const override {
    double largest = 0;
    for (const auto& row : probabilities_) largest = std::max(largest, std::ranges::max(row));
    return largest;
  }

 private:
  /// What turns a probability into that given the actions above; 0 if these had everything.
  double scale(const Choice& choice) const {
    double left = 1;
    for (const std::uint32_t action : choice.above) left -= probabilities_[choice.round.position][action];
    return left > 1e-9 ? 1 / left : 0;
  }

  std::vector<std::vector<double>> probabilities_;  // [position][action]
};

class GreedyPolicy final : public CandidatePolicy {
 public:
  explicit GreedyPolicy(const RewardModel& model) {
    for (std::uint32_t position = 0; position < model.positions(); ++position) {
      auto& order = orders_.emplace_back(model.actions());
      for (std::uint32_t action = 0; action < order.size(); ++action) order[action] = action;
      std::ranges::stable_sort(order, std::greater(), [&](auto action) { return model.predict(action, position); });
    }
  }

  double probability(const Choice& choice) const override { return best(choice) == choice.round.action ? 1 : 0; }

  bool probabilities(const Choice& choice, std::span<double> out) const override {
    std::ranges::fill(out, 0.0);
    out[best(choice)] = 1;
    return true;
  }

  double largest_probability() const override { return 1; }

 private:
  std::uint32_t best(const Choice& choice) const {
    const auto& order = orders_[choice.round.position];
    const auto found = std::ranges::find_if(order, [&](auto action) { return !contains(choice.above, action); });
    return found == order.end() ? order.front() : *found;
  }

  std::vector<std::vector<std::uint32_t>> orders_;  // [position]: actions, best first
};

class RecordedPolicy final : public CandidatePolicy {
 public:
  double probability(const Choice& choice) const override { return choice.round.candidate; }
  bool probabilities(const Choice&, std::span<double>) const override { return false; }
  double largest_probability() const override { return 1; }
};

void normalize(std::vector<double>& row) {
  double sum = 0;
  for (const double value : row) sum += value;
  for (double& value : row) value /= sum;
}

}  // namespace

std::unique_ptr<CandidatePolicy> make_context_free_policy(std::vector<std::vector<double>> probabilities) {
  return std::make_unique<ContextFreePolicy>(std::move(probabilities));
}

std::unique_ptr<CandidatePolicy> make_uniform_policy(const LoggedFeedback& log) {
  const auto actions = log.actions.size();
  return make_context_free_policy(
      {log.positions.size(), std::vector<double>(actions, 1 / static_cast<double>(actions))});
}

std::unique_ptr<CandidatePolicy> make_logged_policy(const LoggedFeedback& log) {
  std::vector<std::vector<double>> counts(log.positions.size(), std::vector<double>(log.actions.size()));
  std::vector<double> overall(log.actions.size());
  for (const LoggedRound& round : log.rounds) {
    ++counts[round.position][round.action];
    ++overall[round.action];
  }
  for (auto& row : counts) {
    if (std::ranges::max(row) == 0) row = overall;
    normalize(row);
  }
  return make_context_free_policy(std::move(counts));
}

std::unique_ptr<CandidatePolicy> make_greedy_policy(const RewardModel& model) {
  return std::make_unique<GreedyPolicy>(model);
}

std::unique_ptr<CandidatePolicy> make_softmax_policy(const RewardModel& model, double temperature) {
  std::vector<std::vector<double>> rows(model.positions(), std::vector<double>(model.actions()));
  for (std::uint32_t position = 0; position < rows.size(); ++position) {
    auto& row = rows[position];
    for (std::uint32_t action = 0; action < row.size(); ++action) row[action] = model.predict(action, position);
    const double largest = std::ranges::max(row);
    for (double& value : row) value = std::exp((value - largest) / temperature);
    normalize(row);
  }
  return make_context_free_policy(std::move(rows));
}

std::unique_ptr<CandidatePolicy> make_recorded_policy() { return std::make_unique<RecordedPolicy>(); }

}  // namespace freshet::online

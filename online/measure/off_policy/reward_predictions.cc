// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/reward_predictions.h"

#include <cmath>
#include <memory>

#include "base/random.h"

namespace freshet::online {
namespace {

/// Calls visit(index of the list, round, probabilities of all actions) for every round of the log; false if the candidate
/// does not know them.
template <typename Visit>
bool for_each_distribution(const LoggedFeedback& log, const CandidatePolicy& candidate, PropensityKind kind,
                           Visit visit) {
  std::vector<double> probabilities(log.actions.size());
  bool known = true;
  for_each_choice(log, kind, [&](std::size_t list, const Choice& choice) {
    known = known && candidate.probabilities(choice, probabilities);
    if (known) visit(list, choice.round, std::span<const double>(probabilities));
  });
  return known;
}

/// `models`: of each list, a model; null predicts 0.
std::optional<RewardPredictions> predict(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                         PropensityKind kind, const std::vector<const RewardModel*>& models) {
  RewardPredictions result;
  const bool known =
      for_each_distribution(log, candidate, kind, [&](std::size_t list, const LoggedRound& round, auto all) {
        const RewardModel* model = models[list];
        double expected = 0;
        for (std::uint32_t action = 0; model != nullptr && action < all.size(); ++action) {
          expected += all[action] * model->predict(action, round.position);
        }
        result.own.push_back(model == nullptr ? 0 : model->predict(round.action, round.position));
        result.expected.push_back(expected);
        result.largest.push_back(model == nullptr ? 0 : model->largest());
      });
  return known ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace

std::optional<RewardPredictions> cross_fitted_predictions(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                                          PropensityKind kind,
                                                          const std::vector<std::uint32_t>& cluster_of_list,
                                                          std::size_t folds, std::uint64_t seed) {
  const auto fold_of = [&](std::size_t list) { return mix64(mix64(seed) + cluster_of_list[list]) % folds; };
  const RewardSums none(log.actions.size(), log.positions.size());
  std::vector<RewardSums> of_folds(folds, none);
  RewardSums all = none;
  for (std::size_t list = 0; list < log.lists.size(); ++list) {
    for (const LoggedRound& round : log.rounds_of(log.lists[list])) {
      of_folds[fold_of(list)].add(round);
      all.add(round);
    }
  }
  std::vector<RewardModel> fitted;
  for (const RewardSums& fold : of_folds) {
    RewardSums others = all;
    others.subtract(fold);
    fitted.emplace_back(others);
  }
  std::vector<const RewardModel*> models;
  for (std::size_t list = 0; list < log.lists.size(); ++list) models.push_back(&fitted[fold_of(list)]);
  return predict(log, candidate, kind, models);
}

std::optional<RewardPredictions> forward_predictions(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                                     PropensityKind kind) {
  constexpr std::size_t kFirstPiece = 64;  // lists
  std::vector<std::unique_ptr<RewardModel>> fitted;
  std::vector<const RewardModel*> models;
  RewardSums sums(log.actions.size(), log.positions.size());
  std::size_t next = kFirstPiece;
  for (std::size_t list = 0; list < log.lists.size(); ++list) {
    if (list == next) {
      fitted.push_back(std::make_unique<RewardModel>(sums));
      next *= 2;
    }
    models.push_back(fitted.empty() ? nullptr : fitted.back().get());
    for (const LoggedRound& round : log.rounds_of(log.lists[list])) sums.add(round);
  }
  return predict(log, candidate, kind, models);
}

std::optional<RewardPredictions> recorded_predictions(const LoggedFeedback& log) {
  RewardPredictions result;
  for (const LoggedRound& round : log.rounds) {
    if (std::isnan(round.prediction) || std::isnan(round.expected_prediction)) return std::nullopt;
    result.own.push_back(round.prediction);
    result.expected.push_back(round.expected_prediction);
  }
  return result;
}

std::optional<double> never_logged_share(const LoggedFeedback& log, const CandidatePolicy& candidate,
                                         PropensityKind kind) {
  std::vector<bool> logged(log.positions.size() * log.actions.size());
  for (const LoggedRound& round : log.rounds) logged[round.position * log.actions.size() + round.action] = true;
  double share = 0;
  const bool known = for_each_distribution(log, candidate, kind, [&](std::size_t, const LoggedRound& round, auto all) {
    for (std::uint32_t action = 0; action < all.size(); ++action) {
      if (!logged[round.position * log.actions.size() + action]) share += all[action];
    }
  });
  return known ? std::optional(share / static_cast<double>(log.rounds.size())) : std::nullopt;
}

}  // namespace freshet::online

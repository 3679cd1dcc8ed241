#include "online/measure/off_policy/estimators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace freshet::online {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double shrink(double weight, double lambda) {
  return std::isinf(lambda) ? weight : lambda * weight / (weight * weight + lambda);
}

}  // namespace

RoundTerms ips_terms(const LoggedFeedback& log, const ImportanceWeights& weights) {
  RoundTerms terms(log.rounds.size());
  for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = weights.weights[i] * log.rounds[i].reward;
  return terms;
}

RoundTerms dm_terms(const RewardPredictions& predictions) { return predictions.expected; }

RoundTerms dr_terms(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions) {
  return dros_terms(log, weights, predictions, kInfinity);
}

RoundTerms dros_terms(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions,
                      double lambda) {
  RoundTerms terms(log.rounds.size());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    terms[i] = weights.above[i] * predictions.expected[i] +
               shrink(weights.weights[i], lambda) * (log.rounds[i].reward - predictions.own[i]);
  }
  return terms;
}

double dros_error_bound(const LoggedFeedback& log, const ImportanceWeights& weights,
                        const RewardPredictions& predictions, double lambda) {
  const RoundTerms terms = dros_terms(log, weights, predictions, lambda);
  const double n = static_cast<double>(terms.size());
  double mean = 0, square = 0, bias = 0, squared_weights = 0, largest = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const double weight = weights.weights[i];
    mean += terms[i] / n;
    bias += (weight - shrink(weight, lambda)) * (log.rounds[i].reward - predictions.own[i]) / n;
    squared_weights += weight * weight / n;
    largest = std::max(largest, weight);
  }
  for (const double term : terms) square += (term - mean) * (term - mean) / n;
  const double log_term = std::log(2 / 0.05);
  const double bias_bound =
      std::abs(bias) + std::sqrt(2 * squared_weights * log_term / n) + 2 * largest * log_term / (3 * n);
  return square / n + bias_bound * bias_bound;
}

double choose_lambda(const LoggedFeedback& log, const ImportanceWeights& weights,
                     const RewardPredictions& predictions) {
  constexpr std::array kGrid{1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0, kInfinity};
  return *std::ranges::min_element(kGrid, {},
                                   [&](double lambda) { return dros_error_bound(log, weights, predictions, lambda); });
}

}  // namespace freshet::online

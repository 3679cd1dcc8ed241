// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/estimators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <span>

namespace freshet::online {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double shrink(double weight, double lambda) {
  return std::isinf(lambda) ? weight : lambda * weight / (weight * weight + lambda);
}

/// An estimate with the half width of its 80 % confidence interval.
struct Guess {
  double lambda = 0, value = 0, half_width = 0;
};

/// The 90 % quantile of Student's t distribution (Cornish-Fisher; to 1e-6 from 30 degrees of freedom on).
double student_quantile(double freedom) {
  constexpr double z = 1.2815515655446004;
  return z + (std::pow(z, 3) + z) / (4 * freedom) +
         (5 * std::pow(z, 5) + 16 * std::pow(z, 3) + 3 * z) / (96 * freedom * freedom);
}

Guess guess(const LoggedFeedback& log, const RoundTerms& terms, double lambda) {
  const double lists = static_cast<double>(log.lists.size());
  const double mean = std::accumulate(terms.begin(), terms.end(), 0.0) / lists;
  double squares = 0;
  for (const LoggedList& list : log.lists) {
    const auto first = terms.begin() + static_cast<std::ptrdiff_t>(list.first_round);
    const double sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(list.rounds), 0.0);
    squares += (sum - mean) * (sum - mean);
  }
  const double freedom = std::max(1.0, lists - 1);
  return {lambda, mean, student_quantile(freedom) * std::sqrt(squares / lists / freedom)};
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

double choose_lambda(const LoggedFeedback& log, const ImportanceWeights& weights,
                     const RewardPredictions& predictions) {
  constexpr std::array kGrid{1.0, 10.0, 100.0, 1000.0, 10000.0, 100000.0, kInfinity};
  const double larger_width = std::sqrt(6.0) - 1;  // counts that of the noisier estimate
  std::vector<Guess> guesses;
  for (const double lambda : kGrid) {
    guesses.push_back(guess(log, dros_terms(log, weights, predictions, lambda), lambda));
  }
  std::ranges::stable_sort(guesses, std::greater(), &Guess::half_width);
  std::size_t chosen = 0;
  for (std::size_t i = 1; i < guesses.size(); ++i, ++chosen) {
    const bool agrees = std::ranges::all_of(std::span(guesses).first(i), [&](const Guess& noisier) {
      return std::abs(noisier.value - guesses[i].value) <= guesses[i].half_width + larger_width * noisier.half_width;
    });
    if (!agrees) break;
  }
  return guesses[chosen].lambda;
}

}  // namespace freshet::online

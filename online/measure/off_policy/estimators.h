// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "online/measure/off_policy/importance_weights.h"
#include "online/measure/off_policy/logged_feedback.h"
#include "online/measure/off_policy/reward_predictions.h"

namespace freshet::online {

/// What each round adds to an estimate of the candidate's reward: the value is their sum divided by the number of lists.
using RoundTerms = std::vector<double>;

/// Inverse propensity scoring: weight x reward. Without bias if the logging policy does all that the candidate does; large
/// weights make it noisy. SNIPS is the same divided by the mean weight, which removes most of the noise that the weights
/// bring, at the price of a bias that vanishes with more data (Swaminathan, Joachims: The self-normalized estimator for
/// counterfactual learning, NIPS 2015).
RoundTerms ips_terms(const LoggedFeedback& log, const ImportanceWeights& weights);

/// Direct method: the reward that a model predicts for the candidate's actions. As wrong as the model is.
RoundTerms dm_terms(const RewardPredictions& predictions);

/// Doubly robust: the direct method, corrected by weight x (reward - prediction). Without bias if propensities are right,
/// whatever the model; the better the model, the less noise (Dudik, Langford, Li: Doubly robust policy evaluation and
/// learning, ICML 2011; Dudik, Erhan, Langford, Li, Statistical Science 2014).
RoundTerms dr_terms(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions);

/// Doubly robust with optimistic shrinkage: as DR, with lambda w / (w^2 + lambda) in place of a weight w. Infinity is DR, 0
/// the direct method (Su, Dimakopoulou, Krishnamurthy, Dudik: Doubly robust off-policy evaluation with shrinkage, ICML
/// 2020).
RoundTerms dros_terms(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions,
                      double lambda);

/// The lambda of a fixed grid with the least variance whose estimate agrees with those of all larger variance: from the
/// noisiest on, until the confidence intervals no longer meet (SLOPE; Su, Srinath, Krishnamurthy: Adaptive estimator
/// selection for off-policy evaluation, ICML 2020; with the constant of Tucker, Lee: Improved estimator selection for
/// off-policy evaluation, 2021).
double choose_lambda(const LoggedFeedback& log, const ImportanceWeights& weights, const RewardPredictions& predictions);

}  // namespace freshet::online

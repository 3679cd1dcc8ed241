// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace freshet::online {

/// A lower bound of a mean that holds at all times at once: with probability 1 - alpha no value of lower() ever exceeds
/// the mean, whenever one looks and however the decision to look was made. Outcomes arrive one by one, each has the same
/// mean given the past, in [0, 1], and none is below a -k that was known before it; they need no upper bound, which suits
/// importance weights.
///
/// Empirical Bernstein with predicted centres, mixed over a grid of bets, because with rare and large outcomes no single
/// bet can be chosen before they have been seen:
///   Howard, Ramdas, McAuliffe, Sekhon: Time-uniform, nonparametric, nonasymptotic confidence sequences (Annals of
///   Statistics, 2021);
///   Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting (JRSS B, 2023);
///   Waudby-Smith, Wu, Ramdas, Karampatziakis, Mineiro: Anytime-valid off-policy inference for contextual bandits (2022),
///   for outcomes without an upper bound.
/// Threads: one.
/// Cost:    add(): constant; the rest: some thousand exponentials.
class LowerConfidenceSequence {
 public:
  /// `guess`: of the mean, in [0, 1]; a bad one makes the first bounds wider, not wrong.
  LowerConfidenceSequence(double alpha, double guess);

  /// REQUIRES: outcome >= -k, k >= 0
  void add(double outcome, double k);

  /// The largest mean that is rejected, at least 0.
  double lower() const;
  /// Whether the outcomes so far are too large for this mean.
  bool rejects(double mean) const;

 private:
  const double log_inverse_alpha_;

  // of all outcomes so far, each scaled by 1 / (1 + k)
  double count_ = 0;
  double guess_;               // made up, counts as one outcome
  double sum_ = 0;             // of scaled outcomes
  double scales_ = 0;          // sum of 1 / (1 + k)
  double squared_errors_ = 0;  // of predicting each by the mean of those before it
};

}  // namespace freshet::online

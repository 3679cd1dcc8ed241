#pragma once

#include <cstddef>

namespace freshet::online {

/// A lower bound of a mean that holds at all times at once: with probability 1 - alpha no value of lower() ever exceeds
/// the mean, whenever one looks and however the decision to look was made. Outcomes arrive one by one, each has the same
/// mean given the past, in [0, 1], and none is below a -k that was known before it; they need no upper bound, which suits
/// importance weights.
/// A predictable plug-in empirical Bernstein bound:
///   Waudby-Smith, Wu, Ramdas, Karampatziakis, Mineiro: Anytime-valid off-policy inference for contextual bandits (2022);
///   Waudby-Smith, Ramdas: Estimating means of bounded random variables by betting (JRSS B, 2023).
/// Threads: one.
/// Cost:    constant per outcome.
class LowerConfidenceSequence {
 public:
  /// `guess`: of the mean, in [0, 1]; a bad one makes the first bounds wider, not wrong.
  LowerConfidenceSequence(double alpha, double guess);

  /// REQUIRES: outcome >= -k, k >= 0
  void add(double outcome, double k);
  /// The largest bound so far; 0 at first.
  double lower() const { return lower_; }

 private:
  double bet() const;

  const double log_inverse_alpha_;

  // of all outcomes so far, each scaled by 1 / (1 + k)
  double count_ = 0;
  double sum_;                    // of outcomes, and one made up
  double squared_errors_ = 0.25;  // of the guesses, and one made up
  double bets_ = 0;               // sum of bet / (1 + k)
  double bet_outcomes_ = 0;       // sum of bet x outcome
  double variance_process_ = 0;
  double lower_ = 0;
};

}  // namespace freshet::online

#include "online/measure/off_policy/confidence_sequence.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

constexpr double kLargestBet = 0.75;

}  // namespace

LowerConfidenceSequence::LowerConfidenceSequence(double alpha, double guess)
    : log_inverse_alpha_(std::log(1 / alpha)), sum_(guess) {}

/// Depends on earlier outcomes only, and not on how many there will be: otherwise the bounds would not hold together.
double LowerConfidenceSequence::bet() const {
  const double variance = squared_errors_ / (count_ + 1);
  const double t = count_ + 1;
  return std::min(kLargestBet, std::sqrt(2 * log_inverse_alpha_ / (variance * t * std::log(1 + t))));
}

void LowerConfidenceSequence::add(double outcome, double k) {
  const double scale = 1 / (1 + k);
  if (count_ == 0) {  // what is made up is of the same scale
    sum_ *= scale;
    squared_errors_ *= scale * scale;
  }
  const double scaled = outcome * scale;
  const double lambda = bet();
  const double error = scaled - std::clamp(sum_ / (count_ + 1), 0.0, scale);
  bets_ += lambda * scale;
  bet_outcomes_ += lambda * scaled;
  variance_process_ += error * error * (-std::log1p(-lambda) - lambda);
  lower_ = std::clamp((bet_outcomes_ - log_inverse_alpha_ - variance_process_) / bets_, lower_, 1.0);
  squared_errors_ += error * error;
  sum_ += scaled;
  ++count_;
}

}  // namespace freshet::online

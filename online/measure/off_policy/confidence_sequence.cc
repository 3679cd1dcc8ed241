// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/confidence_sequence.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace freshet::online {
namespace {

constexpr std::size_t kBets = 16;

/// Bets from 0.9 down by halves: for sums of squared errors from below 10 to above 10^9.
constexpr std::array<double, kBets> kGrid = [] {
  std::array<double, kBets> grid{};
  double bet = 0.9;
  for (double& value : grid) {
    value = bet;
    bet /= 2;
  }
  return grid;
}();

}  // namespace

LowerConfidenceSequence::LowerConfidenceSequence(double alpha, double guess)
    : log_inverse_alpha_(std::log(1 / alpha)), guess_(guess) {}

void LowerConfidenceSequence::add(double outcome, double k) {
  const double scale = 1 / (1 + k);
  const double error = outcome * scale - std::clamp((sum_ + guess_ * scale) / (count_ + 1), 0.0, scale);
  squared_errors_ += error * error;
  sum_ += outcome * scale;
  scales_ += scale;
  ++count_;
}

/// The wealth of a gambler who bets that the mean is larger, with an equal part of a unit on each bet of the grid. If the
/// mean is right, it exceeds 1 / alpha with probability alpha at most, ever.
bool LowerConfidenceSequence::rejects(double mean) const {
  std::array<double, kBets> exponents{};
  for (std::size_t i = 0; i < kBets; ++i) {
    const double bet = kGrid[i];
    exponents[i] = bet * (sum_ - mean * scales_) - (-std::log1p(-bet) - bet) * squared_errors_;
  }
  const double largest = std::ranges::max(exponents);
  double wealth = 0;
  for (const double exponent : exponents) wealth += std::exp(exponent - largest) / kBets;
  return largest + std::log(wealth) >= log_inverse_alpha_;
}

double LowerConfidenceSequence::lower() const {
  if (!rejects(0)) return 0;
  double rejected = 0, kept = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (rejected + kept) / 2;
    (rejects(middle) ? rejected : kept) = middle;
  }
  return rejected;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/measure/calibration.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

constexpr double kLargestLogOdds = 8;
constexpr double kSmallest = 1e-7;

std::size_t bin_of(double probability) {
  const double log_odds = std::log(probability / (1 - probability));
  const double at = (log_odds + kLargestLogOdds) / (2 * kLargestLogOdds) * CalibrationMeter::kBins;
  return static_cast<std::size_t>(std::clamp(at, 0.0, CalibrationMeter::kBins - 1.0));
}

}  // namespace

std::array<Diagnostic, 4> diagnostics_of(const Calibration& calibration) {
  return {{{"calibration", "examples", static_cast<double>(calibration.examples)},
           {"calibration", "log_loss", calibration.log_loss},
           {"calibration", "auc", calibration.auc},
           {"calibration", "expected_calibration_error", calibration.expected_calibration_error}}};
}

std::optional<Calibration> calibration_in(std::span<const Diagnostic> diagnostics) {
  std::optional<Calibration> calibration;
  for (const auto& [group, metric, value] : diagnostics) {
    if (group != "calibration") continue;
    if (!calibration) calibration.emplace();
    if (metric == "examples") calibration->examples = static_cast<std::uint64_t>(value);
    if (metric == "log_loss") calibration->log_loss = value;
    if (metric == "auc") calibration->auc = value;
    if (metric == "expected_calibration_error") calibration->expected_calibration_error = value;
  }
  return calibration;
}

void CalibrationMeter::record(double probability, bool clicked) {
  constexpr double kKeep = 1 - 1 / kRecentExamples;
  for (Bin& bin : bins_) {
    bin.clicked *= kKeep;
    bin.not_clicked *= kKeep;
    bin.probability *= kKeep;
  }
  probability = std::clamp(probability, kSmallest, 1 - kSmallest);
  Bin& bin = bins_[bin_of(probability)];
  (clicked ? bin.clicked : bin.not_clicked) += 1;
  bin.probability += probability;
  log_loss_ = log_loss_ * kKeep - std::log(clicked ? probability : 1 - probability);
  ++examples_;
}

Calibration CalibrationMeter::calibration() const {
  double clicked = 0, not_clicked = 0, pairs_in_order = 0, distance = 0;
  for (const Bin& bin : bins_) {
    // A pair is in order if the example without a click is in a lower bin than the one with a click.
    pairs_in_order += bin.clicked * (not_clicked + bin.not_clicked / 2);
    clicked += bin.clicked;
    not_clicked += bin.not_clicked;
    distance += std::abs(bin.probability - bin.clicked);
  }
  Calibration result;
  result.examples = examples_;
  if (examples_ == 0) return result;
  result.log_loss = log_loss_ / (clicked + not_clicked);
  result.expected_calibration_error = distance / (clicked + not_clicked);
  if (clicked > 0 && not_clicked > 0) result.auc = pairs_in_order / (clicked * not_clicked);
  return result;
}

void CalibrationMeter::save(ByteWriter& out) const {
  out.fixed(examples_);
  out.fixed(log_loss_);
  for (const Bin& bin : bins_) {
    out.fixed(bin.clicked);
    out.fixed(bin.not_clicked);
    out.fixed(bin.probability);
  }
}

void CalibrationMeter::load(ByteReader& in) {
  examples_ = in.fixed<std::uint64_t>();
  log_loss_ = in.fixed<double>();
  for (Bin& bin : bins_) {
    bin.clicked = in.fixed<double>();
    bin.not_clicked = in.fixed<double>();
    bin.probability = in.fixed<double>();
  }
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "online/measure/diagnostic.h"

namespace freshet::online {

/// How good a part's click probabilities are, over about the last kRecentExamples of them (older ones decay).
struct Calibration {
  std::uint64_t examples = 0;             ///< since the beginning, without decay
  double log_loss = 0;                    ///< mean, in nats
  double auc = 0.5;                       ///< of clicked against not clicked; ties count half
  double expected_calibration_error = 0;  ///< mean distance between predicted and observed frequency
};

/// A calibration as a part's diagnostics.
std::array<Diagnostic, 4> diagnostics_of(const Calibration& calibration);
/// The calibration that these diagnostics contain; nullopt if they contain none.
std::optional<Calibration> calibration_in(std::span<const Diagnostic> diagnostics);

/// Measures click probabilities progressively: each is recorded before the part learns from its example.
/// The expected calibration error is that of Naeini, Cooper and Hauskrecht (AAAI 2015), but with bins of equal width in
/// log-odds, because clicks are rare. The area under the ROC curve comes from the same histogram.
/// Threads: learner thread only.
/// Cost:    O(kBins) per call.
class CalibrationMeter {
 public:
  static constexpr std::size_t kBins = 64;
  static constexpr double kRecentExamples = 100'000;

  /// One example: the predicted `probability` of a click, and whether there was one.
  void record(double probability, bool clicked);

  /// The figures so far; the defaults before the first example.
  Calibration calibration() const;

  void save(ByteWriter& out) const;
  /// Reads a saved state. Accepts any bytes; in.ok() says whether there were enough.
  void load(ByteReader& in);

 private:
  struct Bin {
    double clicked = 0, not_clicked = 0, probability = 0;  // decayed sums
  };
  std::array<Bin, kBins> bins_;
  double log_loss_ = 0;
  std::uint64_t examples_ = 0;
};

}  // namespace freshet::online

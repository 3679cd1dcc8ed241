#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace freshet::online {

/// How good a part's click probabilities are, decayed over about the last kRecentExamples of them.
struct Calibration {
  std::uint64_t examples = 0;             ///< ever
  double log_loss = 0;                    ///< mean, in nats
  double auc = 0.5;                       ///< of clicked against not clicked, ties half
  double expected_calibration_error = 0;  ///< mean distance of predicted from observed frequency
};

/// Progressive: every probability is recorded before the part learns from its example. Expected calibration error as in
/// Naeini, Cooper and Hauskrecht (AAAI 2015), but in bins of equal width in log-odds, since clicks are rare; the area
/// under the ROC curve comes from the same histogram.
/// Threads: learner thread only. Cost: O(kBins).
class CalibrationMeter {
 public:
  static constexpr std::size_t kBins = 64;
  static constexpr double kRecentExamples = 100'000;

  /// `probability` in (0, 1) that `clicked`.
  void record(double probability, bool clicked);

  Calibration calibration() const;

  void save(ByteWriter& out) const;
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

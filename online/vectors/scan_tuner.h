#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace freshet::online {

/// How many rows a scan through clusters reads: as many as find 99 of 100 of what reading all rows would. How many that
/// is depends on what was learned: of well-separated items a hundredth, of vectors like noise a quarter. So now and
/// then a scan is followed by one of all rows, and the number grows with what was missed and shrinks a little otherwise
/// (Robbins and Monro, 1951, on its logarithm).
/// Threads: learner thread only: it tunes by its own scans, in the order of the log, so that a run can be repeated.
class ScanTuner {
 public:
  static constexpr std::size_t kCutoff = 20;  ///< of the list that is compared

  /// Never fewer than `least` rows.
  explicit ScanTuner(std::size_t least) : least_(static_cast<double>(least)), rows_(2 * least_) {}

  std::size_t rows() const { return static_cast<std::size_t>(rows_); }
  /// Share of the best that scans have found, decayed over about the last hundred that were compared.
  double recall() const { return recall_; }

  /// Counts a scan. True: it is to be compared.
  bool is_due() { return ++scans_ % kEvery == 0; }

  /// `missed`: share of the best that the scan has not found, of a table of `all` rows.
  void record(double missed, std::size_t all) {
    rows_ =
        std::clamp(rows_ * std::exp(kStep * (missed - kMissed)), least_, std::max(least_, static_cast<double>(all)));
    recall_ += kDecay * (1 - missed - recall_);
  }

  void save(ByteWriter& out) const {
    out.fixed(rows_);
    out.fixed(recall_);
    out.fixed(scans_);
  }
  /// False if it is no saved state.
  bool load(ByteReader& in) {
    rows_ = in.fixed<double>();
    recall_ = in.fixed<double>();
    scans_ = in.fixed<std::uint64_t>();
    return in.ok() && rows_ >= 1 && rows_ <= 1e12 && recall_ >= 0 && recall_ <= 1;
  }

 private:
  static constexpr std::uint64_t kEvery = 512;
  static constexpr double kMissed = 0.007;  // that it settles at
  static constexpr double kStep = 2;
  static constexpr double kDecay = 0.01;

  double least_, rows_;
  double recall_ = 1;
  std::uint64_t scans_ = 0;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace freshet::online {

/// Tunes how many rows a scan through clusters reads, so that it finds about 99 % of the best items. The number depends
/// on what was learned: a hundredth of the rows if items are well separated, a quarter if vectors are like noise. So
/// every 512th scan is compared with a scan of all rows. The number grows with the share that was missed, and shrinks a
/// little if nothing was missed (stochastic approximation on its logarithm: Robbins and Monro, 1951).
/// Threads: learner thread only. Only the learner's scans tune, in log order, so that a run can be repeated.
class ScanTuner {
 public:
  static constexpr std::size_t kCutoff = 20;  ///< length of the lists that are compared

  /// Begins with twice `least` rows; never reads fewer than `least`.
  explicit ScanTuner(std::size_t least) : least_(static_cast<double>(least)), rows_(2 * least_) {}

  /// Number of rows that the next scan reads.
  std::size_t rows() const { return static_cast<std::size_t>(rows_); }
  /// Share of the best items that scans found, over about the last hundred that were compared (decaying average).
  double recall() const { return recall_; }

  /// Counts a scan. True if it is to be compared with a scan of all rows.
  bool is_due() { return ++scans_ % kEvery == 0; }

  /// Records a comparison. `missed`: share of the best items that the scan did not find; `all`: rows of the table.
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
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in) {
    rows_ = in.fixed<double>();
    recall_ = in.fixed<double>();
    scans_ = in.fixed<std::uint64_t>();
    return in.ok() && rows_ >= 1 && rows_ <= 1e12 && recall_ >= 0 && recall_ <= 1;
  }

 private:
  static constexpr std::uint64_t kEvery = 512;
  static constexpr double kMissed = 0.007;  // share that is missed in the long run
  static constexpr double kStep = 2;
  static constexpr double kDecay = 0.01;

  double least_, rows_;
  double recall_ = 1;
  std::uint64_t scans_ = 0;
};

}  // namespace freshet::online

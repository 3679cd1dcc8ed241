// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/metrics.h"
#include "base/position.h"

namespace freshet::ingest {

/// Detects records that the log deleted before they were read, and that the log was recreated. Offsets may have harmless
/// gaps (transaction markers, compaction), so a jump of the offset alone is no loss. The records of a jump below the log's
/// beginning are lost. Offsets never go back unless the log is another one.
/// Threads: one, except for lost().
class GapDetector {
 public:
  /// What was found where a record was expected.
  enum class Found {
    expected,   ///< the offset itself
    jump,       ///< a higher one: those between have no record for the reader
    recreated,  ///< a lower one: the log was recreated and is read from its beginning
  };

  /// `reader` is the label of the metric: "history" or "learner".
  GapDetector(Metrics& metrics, const std::string& reader);

  /// Lost records counted so far. May be called from any thread.
  std::uint64_t lost() const { return static_cast<std::uint64_t>(lost_.Value()); }

  /// The next records of these partitions are expected at these offsets.
  void expect(const Positions& positions);
  void forget(int partition);

  /// A record has arrived. `look` is the number of the monitor's newest view.
  Found arrived(int partition, std::int64_t offset, std::uint64_t look);

  /// Everything before `offset` has arrived. A partition of which nothing was expected is taken to begin at 0.
  Found reached(int partition, std::int64_t offset, std::uint64_t look);

  /// Decides about the jumps that are older than the view number `look`, in which partitions begin at `begins`.
  void settle(const Positions& begins, std::uint64_t look);

 private:
  struct Jump {
    std::int64_t expected, found;
    std::uint64_t look;
  };

  void count_lost(int partition, std::int64_t records);

  Counter& lost_;
  Positions expected_;
  std::map<int, Jump> jumps_;
};

}  // namespace freshet::ingest

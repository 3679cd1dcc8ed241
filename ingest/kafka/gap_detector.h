#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/metrics.h"
#include "base/position.h"

namespace freshet::ingest {

/// Notices records that the log deleted before they were read. Offsets may have harmless holes (transaction markers,
/// compaction), so a jump alone says nothing: it was a loss as far as the log begins behind where the jump began.
/// Threads:  one.
class GapDetector {
 public:
  /// `reader` says in the metric whose records they were: "history" or "learner".
  GapDetector(Metrics& metrics, const std::string& reader);

  /// Records counted so far. May be called from any thread.
  std::uint64_t lost() const { return static_cast<std::uint64_t>(lost_.Value()); }

  /// The next record of these partitions is expected here.
  void expect(const Positions& positions);
  void forget(int partition);

  /// A record arrived. `look` is the number of the monitor's newest view.
  void arrived(int partition, std::int64_t offset, std::uint64_t look);

  /// Judges jumps noticed before a view began to be made, now that it is there.
  void settle(const Positions& begins, std::uint64_t look);

  /// Nothing arrives, and the log begins behind what is expected: counts what is lost and goes on there. Nor is
  /// anything lost where nothing was expected yet. True if the reader is further on by that.
  bool skip_to(int partition, std::int64_t begin);

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

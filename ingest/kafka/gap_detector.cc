// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/gap_detector.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace freshet::ingest {

GapDetector::GapDetector(Metrics& metrics, const std::string& reader)
    : lost_(metrics.counter("freshet_ingest_out_of_range_total",
                            "Kafka: records that the log had deleted before they were read.", {{"reader", reader}})) {}

void GapDetector::expect(const Positions& positions) {
  for (const auto& [partition, offset] : positions) {
    forget(partition);
    expected_[partition] = offset;
  }
}

void GapDetector::forget(int partition) {
  expected_.erase(partition);
  jumps_.erase(partition);
}

GapDetector::Found GapDetector::arrived(int partition, std::int64_t offset, std::uint64_t look) {
  const Found found = reached(partition, offset, look);
  expected_[partition] = offset + 1;
  return found;
}

GapDetector::Found GapDetector::reached(int partition, std::int64_t offset, std::uint64_t look) {
  const auto [expected, first] = expected_.try_emplace(partition, offset);
  if (first) return offset > 0 ? Found::jump : Found::expected;
  const std::int64_t before = std::exchange(expected->second, offset);
  if (offset == before) return Found::expected;
  if (offset > before) {
    jumps_.try_emplace(partition, Jump{before, offset, look});
    return Found::jump;
  }
  jumps_.erase(partition);
  log::error("the topic ends before a reader's position: it was recreated; reading it from its beginning",
             {{"partition", partition}, {"position", before}, {"found", offset}});
  return Found::recreated;
}

void GapDetector::settle(const Positions& begins, std::uint64_t look) {
  std::erase_if(jumps_, [&](const auto& entry) {
    const auto& [partition, jump] = entry;
    // A look may have been under way when the record arrived. The one after it saw everything the broker had deleted.
    if (look < jump.look + 2) return false;
    const auto begin = begins.find(partition);
    if (begin != begins.end()) count_lost(partition, std::min(begin->second, jump.found) - jump.expected);
    return true;
  });
}

void GapDetector::count_lost(int partition, std::int64_t records) {
  if (records <= 0) return;
  lost_.Increment(static_cast<double>(records));
  log::error("kafka deleted records before they were read: increase the retention of the topic",
             {{"partition", partition}, {"records", records}});
}

}  // namespace freshet::ingest

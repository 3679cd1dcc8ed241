// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/event_log.h"

namespace freshet::testing {

/// Keeps appended entries in memory.
class MemoryLog final : public ingest::EventLog {
 public:
  void append(std::vector<ingest::LogEntry> added, Appended done) override {
    Positions ends;
    for (ingest::LogEntry& entry : added) {
      ends[entry.partition.value_or(home)] = static_cast<std::int64_t>(entries.size()) + 1;
      entries.push_back(std::move(entry));
    }
    done(std::move(ends));
  }
  Result<std::vector<std::int32_t>> partitions() const override {
    if (partition_count == 0) return Error{Errc::unavailable, "no broker"};
    std::vector<std::int32_t> all(static_cast<std::size_t>(partition_count));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  std::unique_ptr<ingest::LogReader> open_reader(ingest::Sharing, ingest::PositionsOf) override { return nullptr; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "memory"; }
  ingest::DeadLetterSink* dead_letters() override { return nullptr; }

  bool has_state_partition() const override { return state_partition; }

  int partition_count = 1;
  std::int32_t home = 0;  ///< the partition of every key
  bool state_partition = false;
  std::vector<ingest::LogEntry> entries;
};

}  // namespace freshet::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/position.h"
#include "ingest/event_log.h"
#include "tests/support/eventually.h"

/// Helpers for tests that write to and read from an event log.
namespace freshet::testing {

inline std::vector<ingest::LogEntry> entries(std::size_t count, std::size_t keys, const std::string& prefix = "v") {
  std::vector<ingest::LogEntry> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({"k" + std::to_string(i % keys), prefix + std::to_string(i)});
  return out;
}

/// Appends and waits for the answer.
inline Result<Positions> append_and_wait(ingest::EventLog& log, std::vector<ingest::LogEntry> records) {
  std::promise<Result<Positions>> promise;
  auto answer = promise.get_future();
  log.append(std::move(records), [&promise](Result<Positions> positions) { promise.set_value(std::move(positions)); });
  return answer.get();
}

/// Polls until `count` records have arrived, or until eventually() gives up.
inline std::vector<ingest::LogRecord> read(ingest::LogReader& reader, std::size_t count, std::size_t per_poll = 1000) {
  std::vector<ingest::LogRecord> records;
  eventually([&] {
    auto batch = reader.poll(per_poll, std::chrono::milliseconds(100));
    if (!batch) return false;
    EXPECT_LE(batch->records.size(), per_poll);
    Positions next;
    for (ingest::LogRecord& record : batch->records) {
      next[record.position.partition] = record.position.offset + 1;
      records.push_back(std::move(record));
    }
    for (const auto& [partition, offset] : next) {  // batch->next may have partitions without records too
      const auto after = batch->next.find(partition);
      EXPECT_TRUE(after != batch->next.end() && after->second == offset) << partition;
    }
    return records.size() >= count;
  });
  return records;
}

inline std::vector<std::string> values_of(const std::vector<ingest::LogRecord>& records) {
  std::vector<std::string> values;
  for (const auto& record : records) values.push_back(record.value);
  return values;
}

inline std::vector<std::string> values_of(const std::vector<ingest::LogEntry>& records) {
  std::vector<std::string> values;
  for (const auto& record : records) values.push_back(record.value);
  return values;
}

inline std::map<std::string, std::vector<std::string>> by_key(const std::vector<ingest::LogRecord>& records) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& record : records) values[record.key].push_back(record.value);
  return values;
}

inline Positions positions_after(const std::vector<ingest::LogRecord>& records) {
  Positions next;
  for (const auto& record : records) advance(next, {{record.position.partition, record.position.offset + 1}});
  return next;
}

}  // namespace freshet::testing

#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/codec/records.h"
#include "store/database.h"

namespace freshet::store {

/// The embedded event log's storage: one partition of records with dense offsets from 0.
/// A journal, not a broker: one process, no replication.
/// Threads:  append() from one thread at a time; the rest may be called concurrently.
/// Errors:   unavailable (I/O), corrupt.
/// Cost:     append(): one WriteBatch and one fsync for the whole span; read(): one seek, then sequential.
class Journal {
 public:
  explicit Journal(Database& database);

  /// Makes the records durable and returns the offset of the first; they get consecutive offsets.
  Result<std::int64_t> append(std::span<const JournalRecord> records);

  /// Records from `offset` on, at most `max_records` and about `max_bytes`; fewer at the end, none past it.
  /// An offset below begin() reads from begin().
  Result<std::vector<JournalRecord>> read(std::int64_t offset, std::size_t max_records, std::size_t max_bytes) const;

  /// See Database::problem().
  std::string problem() const;

  std::int64_t begin() const;  ///< oldest offset kept
  std::int64_t end() const;    ///< next offset to be assigned; never reused, also after trimming everything

  /// Takes key and value out of the records below `offset` of which `is_meant` says so; their offsets stay.
  Result<void> erase(std::int64_t offset, const std::function<bool(const JournalRecord&)>& is_meant);

  /// Forgets records below `offset` that arrived before `arrived_before`.
  Result<void> trim(std::int64_t offset, Timestamp arrived_before);

 private:
  Database& database_;
  std::mutex shrinking_;  // one of erase() and trim() at a time: no record is written where records have gone
};

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/codec/records.h"
#include "store/database.h"

namespace freshet::store {

/// The storage of the embedded event log: one partition of records with consecutive offsets from 0. One process, no
/// replication.
/// Threads: append() from one thread at a time; everything else may be called concurrently.
/// Errors:  unavailable (I/O), corrupt.
/// Cost:    append(): one WriteBatch and one fsync for all records; read(): one seek, then sequential.
class Journal {
 public:
  explicit Journal(Database& database);

  /// Makes the records durable at consecutive offsets, and returns the offset of the first.
  Result<std::int64_t> append(std::span<const JournalRecord> records);

  /// Records from `offset` on, at most `max_records` and about `max_bytes` (at least one record). Empty at or past the
  /// end. An offset below begin() reads from begin().
  Result<std::vector<JournalRecord>> read(std::int64_t offset, std::size_t max_records, std::size_t max_bytes) const;

  /// See Database::problem().
  std::string problem() const;

  std::int64_t begin() const;  ///< oldest offset
  std::int64_t end() const;    ///< next offset to be assigned; no offset is assigned twice, even if all are trimmed

  /// Erases key and value of the records below `offset` for which `selected` is true. The records keep their offsets.
  Result<void> erase(std::int64_t offset, const std::function<bool(const JournalRecord&)>& selected);

  /// How many bytes the records have, keys and values, as appended. After a restart it is the same.
  /// Error: never too low; too high by less than 256 KiB and one record (store/journal_size.h).
  std::int64_t bytes() const;

  static constexpr std::int64_t kAnyBytes = std::numeric_limits<std::int64_t>::max();

  /// Deletes records below `offset` that arrived before `arrived_before`. If more than `most_bytes` would remain, also the
  /// oldest others below `offset`, until no more do.
  Result<void> trim(std::int64_t offset, Timestamp arrived_before, std::int64_t most_bytes = kAnyBytes);

 private:
  Database& database_;
  std::mutex shrinking_;  // held by erase() and trim(), so that erase() does not write a record that trim() has deleted
};

}  // namespace freshet::store

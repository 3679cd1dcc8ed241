// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/sync.h"

namespace freshet::store {

/// An offset of the journal, and the bytes of all records that were ever appended below it.
struct JournalMark {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// What one append adds to the journal. Counts once the append is written and JournalSize::grow() is called.
class JournalGrowth {
 public:
  /// A record of so many bytes, key and value.
  void add(std::int64_t offset, std::int64_t bytes);

  std::int64_t end_bytes() const { return end_bytes_; }
  const std::vector<JournalMark>& marks() const { return marks_; }

 private:
  friend class JournalSize;
  std::int64_t end_bytes_ = 0;  // of all records that were ever appended
  std::int64_t next_mark_bytes_ = 0;
  std::vector<JournalMark> marks_;
};

/// How many bytes the records of the journal have, as appended (not compressed), and where the newest N bytes begin,
/// without reading records: each 256 KiB an append leaves a mark beside its records.
/// Threads: all methods may be called concurrently.
/// Error:   bytes() is never too low, and too high by less than kMarkBytes and one record. Erased records count as
///          before. Records of a release that left no marks count by their size on disk, compressed
///          (store/open_database.cc).
class JournalSize {
 public:
  static constexpr std::int64_t kMarkBytes = 256 << 10;

  /// `marks`, ascending, the first at or before the first record; `end_bytes` at the end of the journal.
  void restore(std::vector<JournalMark> marks, std::int64_t end_bytes);

  /// The beginning of an append.
  JournalGrowth growth() const;
  void grow(const JournalGrowth& growth);

  /// Of the records from `begin` on.
  std::int64_t bytes(std::int64_t begin) const;

  /// The lowest offset that is known to have at most `bytes` behind it; the largest number if only the end has.
  std::int64_t first_with_at_most(std::int64_t bytes) const;

  /// Marks that say nothing about a journal that begins at `begin`.
  std::vector<JournalMark> marks_before(std::int64_t begin) const;
  /// Forgets them.
  void begin_at(std::int64_t begin);

 private:
  std::vector<JournalMark>::const_iterator newest_at(std::int64_t begin) const FRESHET_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<JournalMark> marks_ FRESHET_GUARDED_BY(mutex_);  // ascending
  std::int64_t end_bytes_ FRESHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/event_reader.h"
#include "base/fair_shared_mutex.h"
#include "base/position.h"
#include "base/result.h"
#include "base/sync.h"
#include "store/database.h"
#include "store/erased_owners.h"
#include "store/journal_size.h"
#include "store/linked_sessions.h"
#include "store/newest_time.h"
#include "store/recent_histories.h"

/// The open RocksDB and helpers for it. Only the .cc files of this folder and their tests include this.
namespace freshet::store {

class CatalogueIndex;

enum class Family { meta, history, items, positions, dedupe, journal, dead_letters, sessions, served };
inline constexpr std::array<const char*, 9> kFamilyNames{"default", "history",      "items",    "positions", "dedupe",
                                                         "journal", "dead_letters", "sessions", "served"};

/// Keys of the meta family. Part of the on-disk format.
inline constexpr std::string_view kApplicationKey = "application";
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kPseudonymsKey = "pseudonyms";
inline constexpr std::string_view kStreamTimeKey = "stream_time";
inline constexpr std::string_view kJudgedStreamTimeKey = "stream_time_judged";
inline constexpr std::string_view kJudgedArrivalKey = "arrival_judged";
inline constexpr std::string_view kJournalEndKey = "journal_end";
inline constexpr std::string_view kJournalSizeKey = "journal_size";

/// Shared with the compaction filters, since a compaction may outlive the members of the Database.
using SharedTime = std::shared_ptr<NewestTime>;

/// The oldest event time that is kept (Options::max_event_age) when ages are computed from `now`.
inline Timestamp oldest_kept(std::chrono::hours max_event_age, Timestamp now) {
  return max_event_age.count() == 0 ? Timestamp::min() : now - max_event_age;
}

struct Database::Impl {
  Impl(const Options& the_options, const Clock& clock)
      : options(the_options),
        stream_time(std::make_shared<NewestTime>(clock, "stream time")),
        newest_arrival(std::make_shared<NewestTime>(clock, "newest arrival")) {}

  const Options options;
  /// Held shared while `db`, `handles` or an iterator is in use, and exclusively while the database is opened again.
  mutable FairSharedMutex in_use;
  const SharedTime stream_time;     // of committed events
  const SharedTime newest_arrival;  // of events with an id, since the database was opened
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyNames.size()> handles{};
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::unique_ptr<rocksdb::DB> db;

  /// Held from reading what a write to Family::history or Family::items depends on until it is written, and so is what
  /// memory has of it: recent_histories, `erased`, `catalogue`.
  std::mutex history_writes;
  ErasedOwners erased;
  LinkedSessions linked;  // while history_writes is held
  std::unique_ptr<RecentHistories> recent_histories;
  CatalogueIndex* catalogue = nullptr;  // of the Catalogue; written while history_writes is held

  std::atomic<std::int64_t> journal_begin{0};
  std::atomic<std::int64_t> journal_end{0};
  JournalSize journal_size;
  std::int64_t lost_offsets = 0;  // upper bound of those that damage of the write-ahead log took, when it was opened
  std::mutex dead_letter_trims;   // held while dead letters are counted and the oldest deleted
  std::mutex
      dead_letter_reads;  // held from reading dead letters until those of erased owners are deleted, or all marked
  std::atomic<std::size_t> dead_letter_count{0};  // upper bound: some may have been erased, or written twice

  mutable Mutex problem_mutex;
  bool failed FRESHET_GUARDED_BY(problem_mutex) = false;   // since the database was last opened
  std::string problem FRESHET_GUARDED_BY(problem_mutex);   // the failure that stopped writes; empty once recovered
  std::string obstacle FRESHET_GUARDED_BY(problem_mutex);  // why recover() did not succeed
  bool damaged FRESHET_GUARDED_BY(problem_mutex) = false;  // the problem is in a file: opening it again does not help

  rocksdb::ColumnFamilyHandle* family(Family which) const { return handles[static_cast<std::size_t>(which)]; }
  ~Impl();
};

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// REQUIRES: db.in_use is held.
Result<Positions> stored_positions(const Database::Impl& db);

/// Call it after writing `added` dead letters: deletes the oldest if there are too many.
/// REQUIRES: db.in_use is held.
void trim_dead_letters(Database::Impl& db, std::size_t added);

/// Adds kFormerLogHeader to the dead letters of `partitions`. Call it before anything of the new log is written; it may
/// be repeated.
/// REQUIRES: db.in_use is held.
Result<void> mark_dead_letters_of_former_log(Database::Impl& db, const std::set<std::int32_t>& partitions);

/// The error of a read.
/// REQUIRES: !status.ok()
Error to_error(const rocksdb::Status& status);

/// The error of a write: always unavailable, since what stops writes may be damage that the write has no part in.
/// REQUIRES: !status.ok()
Error to_write_error(const rocksdb::Status& status);

/// Sends RocksDB's messages to freshet's log. Calls `damage` for each record of the write-ahead log that is left out,
/// other than a torn last one.
std::shared_ptr<rocksdb::Logger> rocks_log(std::function<void()> damage);

/// Upper bound of the number of records of the journal in a write-ahead log of so many bytes.
inline std::int64_t most_journal_records(std::uint64_t log_bytes) { return static_cast<std::int64_t>(log_bytes / 16); }

/// Makes `end` the end of the journal, although its last records are lost: an erased record is the last.
void put_journal_end(const Database::Impl& db, rocksdb::WriteBatch& batch, std::int64_t end);

/// Puts the size of the journal at its end, and `marks`, beside the records.
void put_journal_size(const Database::Impl& db, rocksdb::WriteBatch& batch, const JournalMark& end,
                      std::span<const JournalMark> marks);

/// The column family options of `which`: bloom filters, prefixes, compaction filters.
rocksdb::ColumnFamilyOptions family_options(Family which, const Database::Impl& impl);

}  // namespace freshet::store

#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/position.h"
#include "base/result.h"
#include "store/database.h"
#include "store/recent_histories.h"

/// What the .cc files of this folder share: the open RocksDB. Nothing outside store/ includes this.
namespace freshet::store {

enum class Family { meta, history, items, positions, dedupe, journal, dead_letters };
inline constexpr std::array<const char*, 7> kFamilyNames{"default", "history", "items",       "positions",
                                                         "dedupe",  "journal", "dead_letters"};

/// Keys of the meta family. Part of the on-disk format.
inline constexpr std::string_view kApplicationKey = "application";
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kPseudonymsKey = "pseudonyms";
inline constexpr std::string_view kStreamTimeKey = "stream_time";
inline constexpr std::string_view kJournalEndKey = "journal_end";

/// A time that the compaction filters judge age by, in milliseconds. Shared with them, since a compaction may outlive
/// the Database object's members.
using SharedTime = std::shared_ptr<std::atomic<std::int64_t>>;

struct Database::Impl {
  Options options;
  /// Shared by whoever uses `db` and `handles`, iterators included; exclusive while they are opened again.
  mutable std::shared_mutex in_use;
  SharedTime stream_time_ms = std::make_shared<std::atomic<std::int64_t>>(0);     // newest event time committed
  SharedTime newest_arrival_ms = std::make_shared<std::atomic<std::int64_t>>(0);  // of an event with an id, since open
  std::array<rocksdb::ColumnFamilyHandle*, kFamilyNames.size()> handles{};
  std::shared_ptr<rocksdb::Cache> block_cache;
  std::unique_ptr<rocksdb::DB> db;

  std::mutex history_writes;  // held while Family::history is written and recent_histories made to follow
  std::unique_ptr<RecentHistories> recent_histories;

  std::atomic<std::int64_t> journal_begin{0};
  std::atomic<std::int64_t> journal_end{0};
  std::atomic<std::int64_t> dead_letter_count{0};

  mutable std::mutex problem_mutex;
  // guarded by problem_mutex
  std::string problem;   // why nothing is written
  std::string obstacle;  // why recover() could do nothing about it

  rocksdb::ColumnFamilyHandle* family(Family which) const { return handles[static_cast<std::size_t>(which)]; }
  ~Impl();
};

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view to_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

/// REQUIRES: db.in_use is held.
Result<Positions> stored_positions(const Database::Impl& db);

/// REQUIRES: !status.ok()
Error to_error(const rocksdb::Status& status);

/// The column family options (bloom filters, prefixes, compaction filters) of `which`.
rocksdb::ColumnFamilyOptions family_options(Family which, const Database::Impl& impl);

}  // namespace freshet::store

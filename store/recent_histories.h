// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/sip_hash.h"
#include "base/sync.h"

namespace freshet::store {

/// A history row of RocksDB: the part of its key after the owner (time and position), and its value.
struct HistoryRow {
  std::string_view suffix;
  std::string_view value;
};

/// Rows of one owner in the order of their keys, newest first, in one block of memory.
class HistoryRows {
 public:
  /// Appends `row` as the oldest.
  void append(const HistoryRow& row);

  /// Inserts `row` in order; replaces the row with the same suffix if there is one.
  void put(const HistoryRow& row);

  /// Keeps the newest `count`.
  void truncate(std::size_t count);

  /// A copy of the newest `count`.
  HistoryRows newest(std::size_t count) const;

  std::size_t size() const { return size_; }
  std::string_view bytes() const { return bytes_; }
  std::size_t allocated() const { return bytes_.capacity(); }

  /// Removes the first row from `bytes` and returns it.
  /// REQUIRES: `bytes` are those of rows, and not empty.
  static HistoryRow take(std::string_view& bytes);

 private:
  /// Of the newest `count`.
  std::size_t bytes_of(std::size_t count) const;

  std::string bytes_;
  std::size_t size_ = 0;
};

/// A cache of the newest rows of recently used owners, so that most lists need no read of RocksDB. For an owner it holds
/// either nothing or exactly the newest rows of RocksDB, up to a limit: reads insert rows, writes update the rows of an
/// owner that is cached, deletions drop the owner. Owners are named by encode_owner().
/// Threads: all methods may be called concurrently. Call put() and drop() after the write to RocksDB, in the order of the
///          writes.
/// Limits:  `max_bytes` of rows, keys and nodes; the least recently used owners are evicted first. 0: holds nothing.
/// Cost:    a short lock of one shard; find() copies the rows that it returns.
class RecentHistories {
 public:
  explicit RecentHistories(std::size_t max_bytes) : max_shard_bytes_(max_bytes / kShards) {}

  struct Lookup {
    std::optional<HistoryRows> rows;  ///< the newest `limit`, or all if there are fewer; nullopt: not cached
    std::uint64_t version = 0;        ///< for insert()
  };
  Lookup find(std::string_view owner, std::size_t limit);

  /// Caches `rows`: the owner's newest `limit`, or all, read after find() returned `version`. Does nothing if a row has
  /// been written since then, which they may lack.
  void insert(std::string_view owner, std::size_t limit, HistoryRows rows, std::uint64_t version);

  /// Call it after writing `row`.
  void put(std::string_view owner, const HistoryRow& row);

  /// Call it after deleting rows of `owner`.
  void drop(std::string_view owner);

  /// Call it when any row may have changed.
  void clear();

  std::size_t bytes() const;

 private:
  struct Entry {
    std::string owner;
    std::size_t limit;
    HistoryRows rows;  // the newest `limit`; all if they are fewer

    std::size_t bytes() const;
  };

  using EntryMap = boost::unordered_flat_map<std::string_view, std::list<Entry>::iterator, TextHash>;

  struct alignas(64) Shard {
    mutable Mutex mutex;
    std::uint64_t version FRESHET_GUARDED_BY(mutex) = 0;  // counts writes
    std::size_t bytes FRESHET_GUARDED_BY(mutex) = 0;
    std::list<Entry> entries FRESHET_GUARDED_BY(mutex);  // most recently used first
    EntryMap of FRESHET_GUARDED_BY(mutex);

    Entry* use(std::string_view owner) FRESHET_REQUIRES(mutex);
    void forget(std::string_view owner) FRESHET_REQUIRES(mutex);
    void shrink_to(std::size_t max_bytes) FRESHET_REQUIRES(mutex);
  };
  static constexpr std::size_t kShards = 64;

  Shard& shard_of(std::string_view owner) { return shards_[TextHash{}(owner) % kShards]; }

  const std::size_t max_shard_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace freshet::store

#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::store {

/// A row as it lies in RocksDB: what follows the owner in its key (time and position), and its value.
struct HistoryRow {
  std::string_view suffix;
  std::string_view value;
};

/// Rows of one owner in the order of their keys, newest first, in one piece of memory.
class HistoryRows {
 public:
  /// Behind all others.
  void append(const HistoryRow& row);

  /// To its place; instead of the one with the same suffix, if there is one.
  void put(const HistoryRow& row);

  /// Keeps the first `count`.
  void truncate(std::size_t count);

  std::size_t size() const { return size_; }
  std::string_view bytes() const { return bytes_; }
  std::size_t allocated() const { return bytes_.capacity(); }

  /// Takes the first row off `bytes`, which are those of rows and not empty.
  static HistoryRow take(std::string_view& bytes);

 private:
  std::string bytes_;
  std::size_t size_ = 0;
};

/// The newest rows of the owners that were read or written last, so that most lists need no read of RocksDB. Owners are
/// named by encode_owner(). Of each it holds either nothing or exactly what RocksDB does, up to a number of rows: reads
/// insert, writes are put on top of what is there, deletions forget the owner.
/// Threads:  all methods may be called concurrently; put() and drop() come after the write of RocksDB that they are of,
///           and in the order of those writes.
/// Bounds:   `max_bytes` of rows, keys and nodes, owners used least recently out first; 0: it holds nothing.
/// Cost:     a short lock of one shard; find() copies the rows.
class RecentHistories {
 public:
  explicit RecentHistories(std::size_t max_bytes) : max_shard_bytes_(max_bytes / kShards) {}

  struct Lookup {
    std::optional<HistoryRows> rows;  ///< the newest `limit` at least, if there are so many; nullopt: to be read
    std::uint64_t version = 0;        ///< for insert()
  };
  Lookup find(std::string_view owner, std::size_t limit);

  /// `rows` are the owner's newest `limit`, or all, read after find() gave `version`. Nothing happens if something was
  /// written meanwhile that they may lack.
  void insert(std::string_view owner, std::size_t limit, HistoryRows rows, std::uint64_t version);

  /// `row` has been written.
  void put(std::string_view owner, const HistoryRow& row);

  /// Rows of `owner` have been deleted.
  void drop(std::string_view owner);

  /// Anything may have changed.
  void clear();

  std::size_t bytes() const;

 private:
  struct Entry {
    std::string owner;
    std::size_t limit;
    HistoryRows rows;  // the newest `limit`; all if they are fewer

    std::size_t bytes() const;
  };

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    // guarded by mutex
    std::uint64_t version = 0;  // counts what was written
    std::size_t bytes = 0;
    std::list<Entry> entries;  // used last first
    boost::unordered_flat_map<std::string_view, std::list<Entry>::iterator, std::hash<std::string_view>> of;

    Entry* use(std::string_view owner);
    void forget(std::string_view owner);
    void shrink_to(std::size_t max_bytes);
  };
  static constexpr std::size_t kShards = 64;

  Shard& shard_of(std::string_view owner) { return shards_[std::hash<std::string_view>{}(owner) % kShards]; }

  const std::size_t max_shard_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace freshet::store

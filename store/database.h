// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/options.h"

namespace freshet::store {

/// The data directory: a RocksDB database that all stores of this folder use.
/// Threads: all methods may be called concurrently.
/// Owns:    the lock of the directory: one process per directory.
/// Errors:  the constructor throws std::runtime_error with one clear line: not writable, locked by another process, the
///          directory of another program, a format newer than this binary, damaged. Nothing throws afterwards.
/// Format:  docs/store_format.md, versioned by `meta/format`.
class Database {
 public:
  /// Opens or creates `options.directory`. `clock` bounds stream time when ages are computed (store/newest_time.h); it
  /// must outlive the database.
  explicit Database(const Options& options, const Clock& clock = system_clock());

  /// Opens an existing directory without writing to it or locking it (freshet inspect).
  static Database open_read_only(const Options& options);

  Database(Database&&) noexcept;
  ~Database();

  /// Makes everything committed so far durable, even after a power cut.
  Result<void> sync();

  /// Empty while the database accepts writes. After a failed write, flush or compaction (a full disk, an I/O error):
  /// the failure, and why recover() has not succeeded yet. Reads still work, writes are unavailable.
  std::string problem() const;

  /// Recovers from a problem: if the disk can be written to, opens the database again, as after a crash. Call it
  /// regularly.
  /// Cost:   waits for reads in progress, and later ones wait for it: milliseconds per MiB of write-ahead log.
  /// Errors: unavailable, with the reason, if the disk cannot be written to yet; corrupt if a file is damaged, which is
  ///         not tried again. Reads still work. If the disk has lost committed data or cannot be read, the process exits
  ///         with code 2, since only a restart reads the log again.
  Result<void> recover();

  /// Bytes in memory and on disk, by purpose: "memtables", "block_cache", "history_cache", "table_readers", "sst",
  /// "wal".
  std::vector<std::pair<std::string, std::uint64_t>> usage() const;

  const Options& options() const;

  struct Impl;  // store/*.cc only
  Impl& impl() const { return *impl_; }

 private:
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::uint32_t kFormatVersion = 1;  ///< part of the on-disk format

}  // namespace freshet::store

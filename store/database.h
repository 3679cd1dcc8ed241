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

/// The RocksDB directory that everything durable lives in; the stores of this folder are views of it.
/// Threads:  all methods may be called concurrently.
/// Owns:     the directory lock: one process per directory.
/// Errors:   the constructor throws std::runtime_error with one clear line: not writable, locked by another process,
///           a directory of something else, a format newer than this binary, corrupt. Nothing throws afterwards.
/// Format:   docs/store_format.md, versioned by `meta/format`.
class Database {
 public:
  /// Opens or creates `options.directory`. What is too old is told by stream time, and by `clock`, which must outlive
  /// this, where that is far ahead of it (store/newest_time.h).
  explicit Database(const Options& options, const Clock& clock = system_clock());

  /// Opens an existing directory without writing to it or locking it (freshet inspect).
  static Database open_read_only(const Options& options);

  Database(Database&&) noexcept;
  ~Database();

  /// Makes everything committed so far survive a power cut.
  Result<void> sync();

  /// Empty while it takes writes. After a failed write, flush or compaction (a full disk, an I/O error): what failed,
  /// and what recover() is waiting for; reads go on, writes are unavailable until it has succeeded.
  std::string problem() const;

  /// To be called now and then: if there is a problem and the disk is well again, opens the directory again, as after a
  /// crash. Waits for reads in progress and makes later ones wait: milliseconds per MiB of write-ahead log.
  /// Errors:   unavailable: the disk is not well yet, says why; reads go on. A disk that has forgotten what was
  ///           committed, or can no longer be read, ends the process (exit code 2): only a restart reads the log again.
  Result<void> recover();

  /// Bytes in memory and on disk by what they are for: "memtables", "block_cache", "history_cache",
  /// "table_readers", "sst", "wal".
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

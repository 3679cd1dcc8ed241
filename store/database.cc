// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <rocksdb/cache.h>

#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "base/log.h"
#include "store/data_directory.h"
#include "store/open_database.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

std::unique_ptr<Database::Impl> prepare(const Options& options, const Clock& clock) {
  auto impl = std::make_unique<Database::Impl>(options, clock);
  impl->block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, -1, /*strict_capacity_limit=*/false,
                                           /*high_pri_pool_ratio=*/0.5);
  impl->recent_histories = std::make_unique<RecentHistories>(options.history_cache_bytes);
  return impl;
}

/// Closes the database and opens it again. After an error it is closed.
Result<void> reopen(Database::Impl& impl, bool read_only) {
  close_database(impl);
  impl.recent_histories->clear();
  try {
    open_database(impl, read_only);
    load_counters(impl, read_only);
    if (!read_only) skip_lost_offsets(impl);
  } catch (const Damage& damage) {
    close_database(impl);
    return Error{Errc::corrupt, damage.what()};
  } catch (const std::runtime_error& error) {
    close_database(impl);
    return Error{Errc::unavailable, error.what()};
  }
  return {};
}

[[noreturn]] void give_up(const std::string& reason) {
  log::error("the store cannot be used any more; restart freshet", {{"reason", reason}});
  std::_Exit(2);
}

/// Opens the database again, as after a crash. If the disk does not allow that, opens it for reading.
Result<void> start_over(Database::Impl& impl) {
  const std::unique_lock alone(impl.in_use);
  const auto before = stored_positions(impl);
  const std::int64_t journal_end = impl.journal_end;
  if (auto opened = reopen(impl, /*read_only=*/false); !opened) {
    if (const auto readable = reopen(impl, /*read_only=*/true); !readable) give_up(readable.error().message);
    return opened;
  }
  const auto after = stored_positions(impl);
  if (!after) give_up(after.error().message);
  if ((before && !covers(*after, *before)) || impl.journal_end < journal_end) {
    give_up("the disk has lost data that was written to it");
  }
  return {};
}

}  // namespace

Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return {Errc::corrupt, "the store is damaged: " + status.ToString()};
  if (status.IsNotFound()) return {Errc::not_found, "not in the store"};
  if (status.IsShutdownInProgress()) return {Errc::shutting_down, "the store is closing"};
  return {Errc::unavailable, "the store cannot be used: " + status.ToString()};
}

Error to_write_error(const rocksdb::Status& status) {
  return {Errc::unavailable, "the store takes no writes: " + status.ToString()};
}

Database::Impl::~Impl() { close_database(*this); }

Database::Database(const Options& options, const Clock& clock) : impl_(prepare(options, clock)) {
  check_directory(options.directory, /*create=*/true);
  open_database(*impl_, /*read_only=*/false);
  check_format(*impl_, /*read_only=*/false);
  check_pseudonyms(*impl_);
  load_counters(*impl_, /*read_only=*/false);
  skip_lost_offsets(*impl_);
}

Database Database::open_read_only(const Options& options) {
  check_directory(options.directory, /*create=*/false);
  auto impl = prepare(options, system_clock());
  open_database(*impl, /*read_only=*/true);
  check_format(*impl, /*read_only=*/true);
  load_counters(*impl, /*read_only=*/true);
  return Database(std::move(impl));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

Result<void> Database::sync() {
  const std::shared_lock lock(impl_->in_use);
  // RocksDB asserts that a file is not synced that could not be written.
  if (auto reason = problem(); !reason.empty()) return Error{Errc::unavailable, std::move(reason)};
  const auto status = impl_->db->SyncWAL();
  if (!status.ok()) return to_write_error(status);
  return {};
}

std::vector<std::pair<std::string, std::uint64_t>> Database::usage() const {
  const std::shared_lock lock(impl_->in_use);
  const auto property = [&](const std::string& name) {
    std::uint64_t value = 0;
    return impl_->db->GetAggregatedIntProperty(name, &value) ? value : 0;
  };
  return {{"memtables", property(rocksdb::DB::Properties::kCurSizeAllMemTables)},
          {"block_cache", impl_->block_cache->GetUsage()},
          {"history_cache", impl_->recent_histories->bytes()},
          {"table_readers", property(rocksdb::DB::Properties::kEstimateTableReadersMem)},
          {"sst", property(rocksdb::DB::Properties::kTotalSstFilesSize)},
          {"wal", write_ahead_log_bytes(impl_->options.directory)}};
}

std::string Database::problem() const {
  const MutexLock lock(impl_->problem_mutex);
  return impl_->obstacle.empty() ? impl_->problem : impl_->problem + "; still: " + impl_->obstacle;
}

Result<void> Database::recover() {
  {
    const MutexLock lock(impl_->problem_mutex);
    if (impl_->problem.empty()) return {};
    // Opened again, it would take writes until something reads the damaged block again.
    if (impl_->damaged) return Error{Errc::corrupt, impl_->problem};
  }
  auto done = check_disk(impl_->options.directory);
  if (done) done = start_over(*impl_);
  const MutexLock lock(impl_->problem_mutex);
  if (done && impl_->failed) {  // again, in background work that started when it was opened
    impl_->obstacle.clear();
    return Error{Errc::unavailable, impl_->problem};
  }
  if (done) {
    log::info("the store accepts writes again", {{"problem", impl_->problem}});
    impl_->problem.clear();
    impl_->obstacle.clear();
  } else {
    if (impl_->obstacle.empty())
      log::warn("the store cannot be written to yet; trying again", {{"reason", done.error().message}});
    impl_->obstacle = done.error().message;
    impl_->damaged = done.error().code == Errc::corrupt;
  }
  return done;
}

const Options& Database::options() const { return impl_->options; }

}  // namespace freshet::store

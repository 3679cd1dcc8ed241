#include "store/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/utilities/options_util.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "base/bytes.h"
#include "base/log.h"
#include "store/key_codec.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* kApplication = "freshet";

std::string database_path(const Options& options) { return options.directory + "/db"; }

[[noreturn]] void refuse(const std::string& message) { throw std::runtime_error(message); }

/// A directory that is absent, empty or ours; anything else is somebody's files.
void check_directory(const Options& options, bool create) {
  const fs::path directory = options.directory;
  std::error_code error;
  if (!fs::exists(directory, error)) {
    if (error && error != std::errc::no_such_file_or_directory) {
      refuse("cannot use the data directory " + directory.string() + ": " + error.message());
    }
    if (!create) refuse("no data directory at " + directory.string());
    fs::create_directories(directory, error);
    if (error) refuse("cannot create the data directory " + directory.string() + ": " + error.message());
    return;
  }
  if (!fs::is_directory(directory, error)) refuse(directory.string() + " is not a directory");
  const bool ours = fs::exists(directory / "db" / "CURRENT", error);
  const bool empty = fs::is_empty(directory, error);
  if (error) refuse("cannot read the data directory " + directory.string() + ": " + error.message());
  const bool only_an_unfinished_start = fs::exists(directory / "db", error);
  if (!ours && !empty && !only_an_unfinished_start) {
    refuse(directory.string() + " is not a freshet data directory (and not empty)");
  }
  if (!create && !ours) refuse(directory.string() + " is not a freshet data directory");
}

rocksdb::DBOptions database_options(const Options& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.db_write_buffer_size = options.memtable_bytes;  // one limit for all families together
  db.max_total_wal_size = options.max_wal_bytes;     // bounds recovery time and disk
  db.max_background_jobs = 2;                        // flush and compaction next to serving
  db.bytes_per_sync = 1 << 20;                       // writes back steadily instead of in stalls at the end of a file
  db.wal_bytes_per_sync = 1 << 20;
  db.max_open_files = 1024;
  db.keep_log_file_num = 3;
  db.max_log_file_size = 8 << 20;
  // A torn last record is the normal end after a crash and is dropped; damage before it stops there, at a consistent
  // point. Positions and rows are in the same batch, so what is dropped is read from the log again.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const Database::Impl& impl) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    descriptors.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), impl));
  }
  return descriptors;
}

std::unique_ptr<Database::Impl> prepare(const Options& options) {
  auto impl = std::make_unique<Database::Impl>();
  impl->options = options;
  impl->block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, -1, /*strict_capacity_limit=*/false,
                                           /*high_pri_pool_ratio=*/0.5);
  return impl;
}

void open(Database::Impl& impl, bool read_only) {
  const std::string path = database_path(impl.options);
  // A database of something else has other families; RocksDB would refuse it in words that help nobody.
  std::vector<std::string> found;
  if (rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions{}, path, &found).ok()) {
    for (const std::string& name : found) {
      if (std::ranges::find(kFamilyNames, name) == kFamilyNames.end()) {
        refuse(impl.options.directory + " is not a freshet data directory of format " + std::to_string(kFormatVersion) +
               " or older: unknown column family \"" + name + "\"");
      }
    }
  }

  const auto descriptors = families(impl);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::DBOptions options = database_options(impl.options);
  const rocksdb::Status status = read_only ? rocksdb::DB::OpenForReadOnly(options, path, descriptors, &handles, &db)
                                           : rocksdb::DB::Open(options, path, descriptors, &handles, &db);
  if (!status.ok()) {
    const bool locked = status.ToString().find("lock") != std::string::npos;
    refuse("cannot open the data directory " + impl.options.directory + ": " +
           (locked ? "in use by another process" : status.ToString()));
  }
  impl.db.reset(db);
  std::ranges::copy(handles, impl.handles.begin());
}

std::string get_meta(const Database::Impl& impl, std::string_view key) {
  std::string value;
  const auto status = impl.db->Get(rocksdb::ReadOptions{}, impl.family(Family::meta), to_slice(key), &value);
  if (!status.ok() && !status.IsNotFound()) {
    refuse("cannot read " + impl.options.directory + ": " + status.ToString());
  }
  return value;
}

/// Writes the format into a new database; refuses one that this binary cannot read.
void check_format(Database::Impl& impl, bool read_only) {
  const std::string application = get_meta(impl, kApplicationKey);
  const std::string format = get_meta(impl, kFormatKey);
  if (application.empty() && format.empty()) {
    std::unique_ptr<rocksdb::Iterator> any(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::meta)));
    any->SeekToFirst();
    if (any->Valid() || read_only) refuse(impl.options.directory + " is not a freshet data directory");
    rocksdb::WriteBatch batch;
    batch.Put(impl.family(Family::meta), to_slice(kApplicationKey), kApplication);
    batch.Put(impl.family(Family::meta), to_slice(kFormatKey), std::to_string(kFormatVersion));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const auto status = impl.db->Write(durable, &batch);
    if (!status.ok()) refuse("cannot write to " + impl.options.directory + ": " + status.ToString());
    return;
  }
  if (application != kApplication) refuse(impl.options.directory + " is not a freshet data directory");
  if (format != std::to_string(kFormatVersion)) {
    const bool newer = std::strtoul(format.c_str(), nullptr, 10) > kFormatVersion;
    refuse(impl.options.directory + " has format " + format + "; this freshet reads format " +
           std::to_string(kFormatVersion) + (newer ? ": it was written by a newer version" : ""));
  }
}

std::int64_t edge_offset(const Database::Impl& impl, bool last) {
  std::unique_ptr<rocksdb::Iterator> it(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::journal)));
  last ? it->SeekToLast() : it->SeekToFirst();
  if (!it->Valid()) return -1;
  return decode_offset(to_view(it->key())).value_or(-1);
}

/// What lives in memory while the database is open.
void load_counters(Database::Impl& impl) {
  const auto number = [&](std::string_view key) {
    const std::string bytes = get_meta(impl, key);
    return ByteReader(bytes).fixed<std::int64_t>();
  };
  impl.stream_time_ms->store(number(kStreamTimeKey));
  // The stored end matters when everything has been trimmed: offsets are never given out twice.
  impl.journal_end = std::max(number(kJournalEndKey), edge_offset(impl, true) + 1);
  const std::int64_t first = edge_offset(impl, false);
  impl.journal_begin = first < 0 ? impl.journal_end.load() : first;

  std::unique_ptr<rocksdb::Iterator> letters(
      impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::dead_letters)));
  for (letters->SeekToFirst(); letters->Valid(); letters->Next()) ++impl.dead_letter_count;
}

std::uint64_t files_bytes(const fs::path& directory, std::string_view extension) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (it->path().extension() == extension) {
      const auto size = it->file_size(gone);
      if (!gone) bytes += size;
    }
  }
  return bytes;
}

}  // namespace

Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return {Errc::corrupt, "the store is damaged: " + status.ToString()};
  if (status.IsNotFound()) return {Errc::not_found, "not in the store"};
  if (status.IsShutdownInProgress()) return {Errc::shutting_down, "the store is closing"};
  return {Errc::unavailable, "the store cannot be used: " + status.ToString()};
}

Database::Impl::~Impl() {
  if (!db) return;
  for (auto* handle : handles) {
    if (handle != nullptr) db->DestroyColumnFamilyHandle(handle);
  }
  db->Close().PermitUncheckedError();
}

Database::Database(const Options& options) : impl_(prepare(options)) {
  check_directory(options, /*create=*/true);
  open(*impl_, /*read_only=*/false);
  check_format(*impl_, /*read_only=*/false);
  load_counters(*impl_);
}

Database Database::open_read_only(const Options& options) {
  check_directory(options, /*create=*/false);
  auto impl = prepare(options);
  open(*impl, /*read_only=*/true);
  check_format(*impl, /*read_only=*/true);
  load_counters(*impl);
  return Database(std::move(impl));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

Result<void> Database::sync() {
  const auto status = impl_->db->SyncWAL();
  if (!status.ok()) return to_error(status);
  return {};
}

std::vector<std::pair<std::string, std::uint64_t>> Database::usage() const {
  const auto property = [&](const std::string& name) {
    std::uint64_t value = 0;
    return impl_->db->GetAggregatedIntProperty(name, &value) ? value : 0;
  };
  return {{"memtables", property(rocksdb::DB::Properties::kCurSizeAllMemTables)},
          {"block_cache", impl_->block_cache->GetUsage()},
          {"table_readers", property(rocksdb::DB::Properties::kEstimateTableReadersMem)},
          {"sst", property(rocksdb::DB::Properties::kTotalSstFilesSize)},
          {"wal", files_bytes(database_path(impl_->options), ".log")}};
}

const Options& Database::options() const { return impl_->options; }

}  // namespace freshet::store

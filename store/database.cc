#include "store/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/options_util.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "base/bytes.h"
#include "base/log.h"
#include "base/pseudonyms.h"
#include "store/codec/key_codec.h"
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

/// RocksDB's own LOG would be one more file that a full disk fails, and a second failed write to it aborts the process
/// (an assertion of 7.8 as Debian builds it). What is worth knowing goes where ours goes.
class RocksLog final : public rocksdb::Logger {
 public:
  RocksLog() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[1024];
    std::vsnprintf(text, sizeof text, format, arguments);
    log::debug("rocksdb", {{"text", std::string_view(text)}});
  }
};

/// Notes that RocksDB has stopped writing. It can go on by itself after some errors and not after others;
/// Database::recover() is the one way back from all of them.
class TroubleListener final : public rocksdb::EventListener {
 public:
  explicit TroubleListener(Database::Impl& impl) : impl_(impl) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    const std::lock_guard lock(impl_.problem_mutex);
    if (impl_.failed) return;  // what follows from the first
    impl_.failed = true;
    impl_.problem = status->ToString();
    log::error("the store takes no more writes", {{"reason", impl_.problem}});
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  Database::Impl& impl_;
};

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
  db.max_manifest_file_size = 1 << 20;  // it names the first and last key of files long gone: begun anew now and then
  db.info_log = std::make_shared<RocksLog>();
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

std::unique_ptr<Database::Impl> prepare(const Options& options, const Clock& clock) {
  auto impl = std::make_unique<Database::Impl>(options, clock);
  impl->block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, -1, /*strict_capacity_limit=*/false,
                                           /*high_pri_pool_ratio=*/0.5);
  impl->recent_histories = std::make_unique<RecentHistories>(options.history_cache_bytes);
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
  rocksdb::DBOptions options = database_options(impl.options);
  options.listeners.push_back(std::make_shared<TroubleListener>(impl));
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
    const std::string fingerprint = Pseudonyms(impl.options.pseudonym_key).fingerprint();
    if (!fingerprint.empty()) batch.Put(impl.family(Family::meta), to_slice(kPseudonymsKey), fingerprint);
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

/// One person must not have two ids in one directory. A reader, which is not asked for ids, needs no key.
void check_pseudonyms(const Database::Impl& impl) {
  const std::string stored = get_meta(impl, kPseudonymsKey);
  const std::string given = Pseudonyms(impl.options.pseudonym_key).fingerprint();
  if (stored == given) return;
  if (stored.empty()) {
    refuse(impl.options.directory + " holds ids as they are; store.pseudonym_key is for a new data directory");
  }
  refuse(impl.options.directory + " holds pseudonyms: " +
         (given.empty() ? "store.pseudonym_key is not set"
                        : "store.pseudonym_key is not the key that they were made with"));
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
  impl.stream_time->raise(timestamp_from_ms(number(kStreamTimeKey)));
  // The stored end matters when everything has been trimmed: offsets are never given out twice.
  impl.journal_end = std::max(number(kJournalEndKey), edge_offset(impl, true) + 1);
  const std::int64_t first = edge_offset(impl, false);
  impl.journal_begin = first < 0 ? impl.journal_end.load() : first;

  impl.dead_letter_count = 0;
  std::unique_ptr<rocksdb::Iterator> letters(
      impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::dead_letters)));
  for (letters->SeekToFirst(); letters->Valid(); letters->Next()) ++impl.dead_letter_count;
}

void close(Database::Impl& impl) {
  if (!impl.db) return;
  for (auto*& handle : impl.handles) {
    if (handle != nullptr) impl.db->DestroyColumnFamilyHandle(handle);
    handle = nullptr;
  }
  impl.db->Close().PermitUncheckedError();
  impl.db.reset();
  const std::lock_guard lock(impl.problem_mutex);
  impl.failed = false;
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

/// Can the disk be written to, and is there room to open the database? That rewrites the write-ahead log at most.
Result<void> check_disk(const Database::Impl& impl) {
  const std::string path = impl.options.directory + "/probe.tmp";
  const auto failed = [](const char* what) {
    return Error{Errc::unavailable, std::string(what) + ": " + std::strerror(errno)};
  };
  const std::string block(4096, '\0');
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return failed("cannot create a file");
  Result<void> written;
  if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) written = failed("cannot write");
  if (written && ::fsync(file) != 0) written = failed("cannot sync");
  ::close(file);
  ::unlink(path.c_str());
  if (!written) return written;

  constexpr std::uint64_t kSpare = 8 << 20;
  std::error_code error;
  const std::uint64_t needed = kSpare + files_bytes(database_path(impl.options), ".log");
  const auto space = fs::space(impl.options.directory, error);
  if (error || space.available < needed) {
    return Error{Errc::unavailable, std::to_string(needed >> 20) + " MiB of free disk are needed to go on"};
  }
  return {};
}

/// What an open database becomes when it is closed and opened; nothing is open after an error.
Result<void> open_again(Database::Impl& impl, bool read_only) {
  close(impl);
  impl.recent_histories->clear();
  try {
    open(impl, read_only);
    load_counters(impl);
  } catch (const std::runtime_error& error) {
    close(impl);
    return Error{Errc::unavailable, error.what()};
  }
  return {};
}

[[noreturn]] void give_up(const std::string& reason) {
  log::error("the store cannot be used any more; a restart is needed", {{"reason", reason}});
  std::_Exit(2);
}

/// Opens the database again, as after a crash. If the disk does not allow that, opens it for reading.
Result<void> start_over(Database::Impl& impl) {
  const std::unique_lock alone(impl.in_use);
  const auto before = stored_positions(impl);
  const std::int64_t journal_end = impl.journal_end;
  if (auto opened = open_again(impl, /*read_only=*/false); !opened) {
    if (const auto readable = open_again(impl, /*read_only=*/true); !readable) give_up(readable.error().message);
    return opened;
  }
  const auto after = stored_positions(impl);
  if (!before || !after || !covers(*after, *before) || impl.journal_end < journal_end) {
    give_up("the disk has lost what was written to it");
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

Database::Impl::~Impl() { close(*this); }

Database::Database(const Options& options, const Clock& clock) : impl_(prepare(options, clock)) {
  check_directory(options, /*create=*/true);
  open(*impl_, /*read_only=*/false);
  check_format(*impl_, /*read_only=*/false);
  check_pseudonyms(*impl_);
  load_counters(*impl_);
}

Database Database::open_read_only(const Options& options) {
  check_directory(options, /*create=*/false);
  auto impl = prepare(options, system_clock());
  open(*impl, /*read_only=*/true);
  check_format(*impl, /*read_only=*/true);
  load_counters(*impl);
  return Database(std::move(impl));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

Result<void> Database::sync() {
  const std::shared_lock lock(impl_->in_use);
  const auto status = impl_->db->SyncWAL();
  if (!status.ok()) return to_error(status);
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
          {"wal", files_bytes(database_path(impl_->options), ".log")}};
}

std::string Database::problem() const {
  const std::lock_guard lock(impl_->problem_mutex);
  return impl_->obstacle.empty() ? impl_->problem : impl_->problem + "; still: " + impl_->obstacle;
}

Result<void> Database::recover() {
  if (problem().empty()) return {};
  auto done = check_disk(*impl_);
  if (done) done = start_over(*impl_);
  const std::lock_guard lock(impl_->problem_mutex);
  if (done && impl_->failed) {  // anew, in the work that begins as soon as it is open
    impl_->obstacle.clear();
    return Error{Errc::unavailable, impl_->problem};
  }
  if (done) {
    log::info("the store takes writes again", {{"problem", impl_->problem}});
    impl_->problem.clear();
    impl_->obstacle.clear();
  } else {
    if (impl_->obstacle.empty()) log::warn("the store waits for the disk", {{"reason", done.error().message}});
    impl_->obstacle = done.error().message;
  }
  return done;
}

const Options& Database::options() const { return impl_->options; }

}  // namespace freshet::store

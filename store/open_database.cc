#include "store/open_database.h"

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "base/bytes.h"
#include "base/log.h"
#include "base/pseudonyms.h"
#include "store/codec/key_codec.h"
#include "store/data_directory.h"
#include "store/erase_history.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

constexpr const char* kApplication = "freshet";

[[noreturn]] void refuse(const std::string& message) { throw std::runtime_error(message); }

/// Sends RocksDB's messages to freshet's log. RocksDB's own LOG file would be one more file that a full disk affects, and
/// in Debian's build of RocksDB 7.8 a second failed write to it aborts the process (an assertion).
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

/// Notes that RocksDB has stopped writing. RocksDB recovers by itself from some errors and not from others;
/// Database::recover() recovers from all of them, so RocksDB's own recovery is off.
class TroubleListener final : public rocksdb::EventListener {
 public:
  explicit TroubleListener(Database::Impl& impl) : impl_(impl) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    const MutexLock lock(impl_.problem_mutex);
    if (impl_.failed) return;  // a consequence of the first failure
    impl_.failed = true;
    impl_.problem = status->ToString();
    log::error("the store does not accept writes any more", {{"reason", impl_.problem}});
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
  db.max_total_wal_size = options.max_wal_bytes;     // bounds recovery time and disk usage
  db.max_background_jobs = 2;                        // flush and compaction next to serving
  db.bytes_per_sync = 1 << 20;                       // writes back steadily, without stalls at the end of a file
  db.wal_bytes_per_sync = 1 << 20;
  db.max_open_files = 1024;
  db.max_manifest_file_size = 1 << 20;  // bounds how long it names keys of deleted files
  db.info_log = std::make_shared<RocksLog>();
  // After a crash the last record is often torn. Recovery stops at the first damaged record, at a consistent point.
  // Positions and rows are in the same batch, so dropped batches are read from the log again.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return db;
}

/// All families. A directory of an earlier release lacks the last ones; opened for reading only, it stays so.
std::vector<rocksdb::ColumnFamilyDescriptor> families(const Database::Impl& impl, const std::vector<std::string>& found,
                                                      bool read_only) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    if (read_only && std::ranges::find(found, kFamilyNames[i]) == found.end()) break;
    descriptors.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), impl));
  }
  return descriptors;
}

std::string get_meta(const Database::Impl& impl, std::string_view key) {
  std::string value;
  const auto status = impl.db->Get(rocksdb::ReadOptions{}, impl.family(Family::meta), to_slice(key), &value);
  if (!status.ok() && !status.IsNotFound()) {
    refuse("cannot read " + impl.options.directory + ": " + status.ToString());
  }
  return value;
}

/// The first or last offset of the journal; -1 if it is empty.
std::int64_t edge_offset(const Database::Impl& impl, bool last) {
  std::unique_ptr<rocksdb::Iterator> it(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::journal)));
  last ? it->SeekToLast() : it->SeekToFirst();
  if (!it->Valid()) return -1;
  return decode_offset(to_view(it->key())).value_or(-1);
}

}  // namespace

void open_database(Database::Impl& impl, bool read_only) {
  const std::string path = database_path(impl.options.directory);
  // Another program's database has other families. RocksDB would refuse it with a message that does not say so.
  std::vector<std::string> found;
  if (rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions{}, path, &found).ok()) {
    for (const std::string& name : found) {
      if (std::ranges::find(kFamilyNames, name) == kFamilyNames.end()) {
        refuse(impl.options.directory + " is not a freshet data directory of format " + std::to_string(kFormatVersion) +
               " or older: unknown column family \"" + name + "\"");
      }
    }
  }

  const auto descriptors = families(impl, found, read_only);
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

void close_database(Database::Impl& impl) {
  if (!impl.db) return;
  for (auto*& handle : impl.handles) {
    if (handle != nullptr) impl.db->DestroyColumnFamilyHandle(handle);
    handle = nullptr;
  }
  impl.db->Close().PermitUncheckedError();
  impl.db.reset();
  const MutexLock lock(impl.problem_mutex);
  impl.failed = false;
}

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

void load_counters(Database::Impl& impl) {
  const auto number = [&](std::string_view key) {
    const std::string bytes = get_meta(impl, key);
    return ByteReader(bytes).fixed<std::int64_t>();
  };
  const auto time = [&](std::string_view key) {
    const std::int64_t ms = number(key);
    return ms == 0 ? std::nullopt : std::optional(timestamp_from_ms(ms));
  };
  impl.stream_time->restore(time(kStreamTimeKey).value_or(Timestamp{}), time(kJudgedStreamTimeKey));
  impl.newest_arrival->restore(impl.newest_arrival->newest(), time(kJudgedArrivalKey));
  // If everything has been trimmed, only the stored end keeps offsets from being assigned twice.
  impl.journal_end = std::max(number(kJournalEndKey), edge_offset(impl, true) + 1);
  const std::int64_t first = edge_offset(impl, false);
  impl.journal_begin = first < 0 ? impl.journal_end.load() : first;

  impl.linked.clear();
  impl.erased.clear();
  const auto erasures = unfinished_erasures(impl);
  if (!erasures) refuse("cannot read " + impl.options.directory + ": " + erasures.error().message);
  for (const Erasure& erasure : *erasures) impl.erased.put(erasure.owner, erasure.before);

  impl.dead_letter_count = 0;
  std::unique_ptr<rocksdb::Iterator> letters(
      impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::dead_letters)));
  for (letters->SeekToFirst(); letters->Valid(); letters->Next()) ++impl.dead_letter_count;
}

}  // namespace freshet::store

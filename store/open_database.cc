// SPDX-License-Identifier: Apache-2.0
#include "store/open_database.h"

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>

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
constexpr const char* kWayOut = "; stop freshet, then see `freshet repair --help`";

[[noreturn]] void refuse(const std::string& message) { throw std::runtime_error(message); }

/// The error of a read. Not found is an error too here.
Error not_read(const rocksdb::Status& status) {
  return {status.IsCorruption() ? Errc::corrupt : Errc::unavailable, status.ToString()};
}

/// True if another database object has the directory open. RocksDB has no code for it, and its message for damage has
/// the word "lock" too ("block checksum mismatch").
bool in_use(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  return has("lock hold by current process") ||
         (has("While lock file") && (has(std::strerror(EAGAIN)) || has(std::strerror(EACCES))));
}

/// Sends RocksDB's messages to freshet's log. RocksDB's own LOG file would be one more file that a full disk affects,
/// and in Debian's build of RocksDB 7.8 a second failed write to it aborts the process (an assertion).
class RocksLog final : public rocksdb::Logger {
 public:
  explicit RocksLog(std::function<void()> damage)
      : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), damage_(std::move(damage)) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[1024];
    std::vsnprintf(text, sizeof text, format, arguments);
    if (std::strstr(text, ": dropping ") != nullptr) {
      const bool torn = std::strstr(text, "Corruption: truncated") != nullptr;
      if (!torn) damage_();
      log::warn("a record of the write-ahead log cannot be read", {{"text", text}});
    } else {
      log::debug("rocksdb", {{"text", std::string_view(text)}});
    }
  }

 private:
  const std::function<void()> damage_;
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
    impl_.damaged = status->IsCorruption();
    impl_.problem = impl_.damaged ? "the store is damaged: " + status->ToString() + kWayOut : status->ToString();
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
  if (!status.ok() && !status.IsNotFound()) refuse(impl, "the metadata", not_read(status));
  return value;
}

/// 0 if there is none.
std::int64_t get_number(const Database::Impl& impl, std::string_view key) {
  const std::string bytes = get_meta(impl, key);
  if (bytes.empty()) return 0;
  ByteReader reader(bytes);
  const auto number = reader.fixed<std::int64_t>();
  if (!reader.ok() || !reader.at_end()) {
    refuse(impl, std::string(key), {Errc::corrupt, "it has " + std::to_string(bytes.size()) + " bytes"});
  }
  return number;
}

/// The first or last offset of the journal; -1 if it is empty.
std::int64_t edge_offset(const Database::Impl& impl, bool last) {
  std::unique_ptr<rocksdb::Iterator> it(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::journal)));
  last ? it->SeekToLast() : it->SeekToFirst();
  if (!it->status().ok()) refuse(impl, "the event log", not_read(it->status()));
  if (!it->Valid()) return -1;
  const auto offset = decode_offset(to_view(it->key()));
  if (!offset) refuse(impl, "the event log", {Errc::corrupt, "an offset cannot be decoded"});
  return *offset;
}

void load_journal_ends(Database::Impl& impl) {
  const std::int64_t first = edge_offset(impl, false), last = edge_offset(impl, true);
  // If everything has been trimmed, only the stored end keeps offsets from being assigned twice.
  const std::int64_t stored = get_number(impl, kJournalEndKey);
  if (last >= 0 && last + 1 < stored) {
    refuse(impl, "the event log",
           {Errc::corrupt, "it ends at offset " + std::to_string(last + 1) + " and had " + std::to_string(stored)});
  }
  impl.journal_end = std::max(stored, last + 1);
  impl.journal_begin = first < 0 ? impl.journal_end.load() : first;
}

/// The disk space of the journal's records in [from, end), compressed.
std::int64_t size_on_disk(const Database::Impl& impl, std::int64_t from, std::int64_t end) {
  const std::string first = encode_offset(from), last = encode_offset(end);
  const rocksdb::Range range(first, last);
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  options.include_files = true;
  std::uint64_t size = 0;
  const auto status = impl.db->GetApproximateSizes(options, impl.family(Family::journal), &range, 1, &size);
  if (!status.ok()) refuse(impl, "the event log", not_read(status));
  return static_cast<std::int64_t>(size);
}

std::vector<JournalMark> load_journal_marks(const Database::Impl& impl) {
  std::vector<JournalMark> marks;
  std::unique_ptr<rocksdb::Iterator> it(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::meta)));
  const rocksdb::Slice prefix = to_slice(kJournalMarkPrefix);
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
    const auto offset = decode_offset(to_view(it->key()).substr(prefix.size()));
    ByteReader value(to_view(it->value()));
    const auto bytes = value.fixed<std::int64_t>();
    if (!offset || !value.ok()) refuse(impl, "the event log", {Errc::corrupt, "a mark cannot be decoded"});
    marks.push_back({*offset, bytes});
  }
  if (!it->status().ok()) refuse(impl, "the event log", not_read(it->status()));
  return marks;
}

/// Marks for the records in [from.offset, end), by their size on disk, and one for `end`.
std::vector<JournalMark> estimate_marks(const Database::Impl& impl, JournalMark from, std::int64_t end) {
  const std::int64_t pieces = size_on_disk(impl, from.offset, end) / JournalSize::kMarkBytes + 1;
  const std::int64_t step = (end - from.offset) / pieces + 1;
  std::vector<JournalMark> marks{from};
  while (marks.back().offset < end) {
    const auto [offset, bytes] = marks.back();
    const std::int64_t next = std::min(offset + step, end);
    marks.push_back({next, bytes + size_on_disk(impl, offset, next)});
  }
  return marks;
}

/// An older release writes records without marks, and leaves those that it finds as they are. Such records get their
/// marks now, for good unless `read_only`.
void load_journal_size(Database::Impl& impl, bool read_only) {
  std::vector<JournalMark> marks = load_journal_marks(impl);
  JournalMark sized = marks.empty() ? JournalMark{impl.journal_begin, 0} : marks.back();
  if (const std::string stored = get_meta(impl, kJournalSizeKey); !stored.empty()) {
    ByteReader reader(stored);
    sized.offset = reader.fixed<std::int64_t>();
    sized.bytes = reader.fixed<std::int64_t>();
    if (!reader.ok()) refuse(impl, std::string(kJournalSizeKey), {Errc::corrupt, "it cannot be decoded"});
  }
  sized.offset = std::max<std::int64_t>(sized.offset, impl.journal_begin);
  if (sized.offset < impl.journal_end) {
    std::vector<JournalMark> more = estimate_marks(impl, sized, impl.journal_end);
    sized = more.back();
    more.pop_back();
    if (!read_only) {
      rocksdb::WriteBatch batch;
      put_journal_size(impl, batch, sized, more);
      const auto status = impl.db->Write(rocksdb::WriteOptions{}, &batch);
      if (!status.ok()) refuse("cannot write to " + impl.options.directory + ": " + status.ToString());
    }
    std::erase_if(marks, [&](const JournalMark& mark) { return mark.offset >= more.front().offset; });
    marks.insert(marks.end(), more.begin(), more.end());
  }
  impl.journal_size.restore(std::move(marks), sized.bytes);
}

void count_dead_letters(Database::Impl& impl) {
  impl.dead_letter_count = 0;
  std::unique_ptr<rocksdb::Iterator> it(
      impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++impl.dead_letter_count;
  if (!it->status().ok()) refuse(impl, "the dead letters", not_read(it->status()));
}

}  // namespace

std::shared_ptr<rocksdb::Logger> rocks_log(std::function<void()> damage) {
  return std::make_shared<RocksLog>(std::move(damage));
}

void refuse_to_open(const std::string& directory, const rocksdb::Status& status) {
  const std::string message = "cannot open the data directory " + directory + ": ";
  if (status.IsCorruption()) throw Damage(message + status.ToString() + kWayOut);
  refuse(message + (in_use(status) ? "in use by another process" : status.ToString()));
}

void require_ok(const std::string& what, const rocksdb::Status& status) {
  if (!status.ok()) refuse(what + ": " + status.ToString());
}

void refuse(const Database::Impl& impl, const std::string& what, const Error& error) {
  const std::string message = "cannot read " + what + " in " + impl.options.directory + ": " + error.message;
  if (error.code == Errc::corrupt) throw Damage(message + kWayOut);
  throw std::runtime_error(message);
}

void open_database(Database::Impl& impl, bool read_only) {
  const std::string path = database_path(impl.options.directory);
  // Another program's database has other families. RocksDB would refuse it with a message that does not say so.
  std::vector<std::string> found;
  const auto listed = rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions{}, path, &found);
  if (read_only && !listed.ok()) refuse_to_open(impl.options.directory, listed);
  if (listed.ok()) {
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
  const std::int64_t most_lost = most_journal_records(write_ahead_log_bytes(impl.options.directory));
  impl.lost_offsets = 0;
  options.info_log = rocks_log([&impl, most_lost] { impl.lost_offsets = most_lost; });
  const rocksdb::Status status = read_only ? rocksdb::DB::OpenForReadOnly(options, path, descriptors, &handles, &db)
                                           : rocksdb::DB::Open(options, path, descriptors, &handles, &db);
  if (!status.ok()) refuse_to_open(impl.options.directory, status);
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

void skip_lost_offsets(Database::Impl& impl) {
  if (impl.lost_offsets == 0 || impl.journal_end == 0) return;
  const std::int64_t end = impl.journal_end + impl.lost_offsets;
  rocksdb::WriteBatch batch;
  put_journal_end(impl, batch, end);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status = impl.db->Write(durable, &batch);
  if (!status.ok()) refuse("cannot write to " + impl.options.directory + ": " + status.ToString());
  log::error("the write-ahead log is damaged: events may be lost; the event log goes on behind their offsets",
             {{"last_event", impl.journal_end - 1}, {"next_event", end}});
  impl.journal_end = end;
}

void check_format(Database::Impl& impl, bool read_only) {
  const std::string application = get_meta(impl, kApplicationKey);
  const std::string format = get_meta(impl, kFormatKey);
  if (application.empty() && format.empty()) {
    std::unique_ptr<rocksdb::Iterator> any(impl.db->NewIterator(rocksdb::ReadOptions{}, impl.family(Family::meta)));
    any->SeekToFirst();
    if (!any->status().ok()) refuse(impl, "the metadata", not_read(any->status()));
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

void load_counters(Database::Impl& impl, bool read_only) {
  const auto time = [&](std::string_view key) {
    const std::int64_t ms = get_number(impl, key);
    return ms == 0 ? std::nullopt : std::optional(timestamp_from_ms(ms));
  };
  impl.stream_time->restore(time(kStreamTimeKey).value_or(Timestamp{}), time(kJudgedStreamTimeKey));
  impl.newest_arrival->restore(impl.newest_arrival->newest(), time(kJudgedArrivalKey));
  load_journal_ends(impl);
  load_journal_size(impl, read_only);

  const auto positions = stored_positions(impl);
  if (!positions) refuse(impl, "the log positions", positions.error());

  impl.linked.clear();
  impl.erased.clear();
  const auto erasures = unfinished_erasures(impl);
  if (!erasures) refuse(impl, "the erasures", erasures.error());
  for (const Erasure& erasure : *erasures) impl.erased.put(erasure.owner, erasure.before);

  count_dead_letters(impl);
}

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/catalogue.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/damaged_database.h"
#include "store/data_directory.h"
#include "store/database.h"
#include "store/erase_history.h"
#include "store/open_database.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

/// Keeps a service from using the directory.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& directory) {
    const auto status = rocksdb::Env::Default()->LockFile(database_path(directory) + "/LOCK", &lock_);
    if (!status.ok()) refuse_to_open(directory, status);
  }
  ~DirectoryLock() { rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError(); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  rocksdb::FileLock* lock_ = nullptr;
};

/// A directory for the new database, removed with what is in it.
class Workplace {
 public:
  explicit Workplace(const std::string& directory) : path_(directory + "/repairing") {
    fs::remove_all(path_);  // of a repair that was interrupted
    fs::create_directories(database_path(path_));
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

/// Why the service cannot use the directory; empty if it can.
std::string refusal_of(const Options& options) {
  try {
    Database database = Database::open_read_only(options);
    const Catalogue items(database);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

/// Writes without a write-ahead log: an interrupted repair is begun again.
class Copy {
 public:
  explicit Copy(Database::Impl& to) : to_(to) {
    for (auto* handle : to.handles) {  // what is too old or too much is the service's to delete, by its own options
      require_ok("cannot prepare the new database", to.db->SetOptions(handle, {{"disable_auto_compactions", "true"}}));
    }
  }

  rocksdb::WriteBatch& batch() { return batch_; }

  void put(Family family, const rocksdb::Slice& key, const rocksdb::Slice& value) {
    constexpr std::size_t kBatchBytes = 1 << 20;
    batch_.Put(to_.family(family), key, value);
    if (batch_.GetDataSize() > kBatchBytes) write();
  }

  void write() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    require_ok("cannot write the new database", to_.db->Write(options, &batch_));
    batch_.Clear();
  }

  void finish() {
    write();
    require_ok("cannot write the new database", to_.db->Flush({}, {to_.handles.begin(), to_.handles.end()}));
  }

 private:
  Database::Impl& to_;
  rocksdb::WriteBatch batch_;
};

/// Copies every readable row but the positions. Returns them, and the highest offset of the journal and of what was read
/// of it.
struct Copied {
  std::vector<std::pair<std::string, std::string>> positions;
  std::int64_t journal_end = 0;
};

Copied copy_rows(const DamagedDatabase& from, Copy& copy, Repair& repair) {
  Copied copied{{}, from.last_journal_offset() + 1};
  const auto raise_end = [&](std::int64_t end) { copied.journal_end = std::max(copied.journal_end, end); };
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    const auto family = static_cast<Family>(i);
    const auto reading = from.read(family, [&](const rocksdb::Slice& key, const rocksdb::Slice& value) {
      if (family == Family::positions) {
        copied.positions.emplace_back(key.ToString(), value.ToString());
        return;
      }
      if (family == Family::journal) raise_end(decode_offset(to_view(key)).value_or(-1) + 1);
      if (family == Family::meta && to_view(key) == kJournalEndKey) {
        raise_end(ByteReader(to_view(value)).fixed<std::int64_t>());
      }
      copy.put(family, key, value);
    });
    repair.families.push_back({kFamilyNames[i], reading.rows, reading.gaps, reading.first_failure});
  }
  return copied;
}

/// Keeps the positions of a Kafka topic. With an embedded log they are left out, so that the histories are read from it
/// again; reading a record again writes the same rows. The log is given an end that no offset was given out behind.
void put_positions(const Copied& copied, std::int64_t lost_offsets, const Database::Impl& impl, Copy& copy,
                   Repair& repair) {
  if (copied.journal_end == 0) {
    for (const auto& [key, value] : copied.positions) copy.put(Family::positions, key, value);
    return;
  }
  std::int64_t end = copied.journal_end;
  for (const auto& [key, value] : copied.positions) end = std::max(end, ByteReader(value).fixed<std::int64_t>());
  end += lost_offsets + 1;
  put_journal_end(impl, copy.batch(), end);
  repair.journal_end = end;
}

/// The mark of a deletion may be lost, and the rows be there again.
void erase_again(Database::Impl& impl, Copy& copy) {
  const std::lock_guard writes(impl.history_writes);
  const auto erasures = unfinished_erasures(impl);
  if (!erasures) throw std::runtime_error(erasures.error().message);
  for (const Erasure& erasure : *erasures) {
    const auto again = erase_history(impl, copy.batch(), erasure.owner, {erasure.before, true}, false);
    if (!again) throw std::runtime_error(again.error().message);
    put_erasure(impl, copy.batch(), *again);
    copy.write();
  }
}

/// Makes the new database from what can be read.
void rebuild(const Options& options, const std::string& workplace, Repair& repair) {
  Options fresh = options;
  fresh.directory = workplace;
  Database::Impl impl(fresh, system_clock());
  open_database(impl, /*read_only=*/false);
  check_format(impl, /*read_only=*/false);  // writes it, should the damaged one have lost it
  Copy copy(impl);
  const DamagedDatabase damaged(database_path(options.directory), workplace + "/found", impl);
  repair.lost_files = damaged.unreadable_files();
  const Copied copied = copy_rows(damaged, copy, repair);
  put_positions(copied, most_journal_records(write_ahead_log_bytes(options.directory)), impl, copy, repair);
  copy.write();
  check_format(impl, /*read_only=*/false);  // a newer one is not for this program
  erase_again(impl, copy);
  copy.finish();
}

/// Exchanges both databases in one step, so that there is one at any time.
std::string exchange(const std::string& directory, const std::string& workplace) {
  std::string time = format_rfc3339(SystemClock().now());
  std::erase_if(time, [](char c) { return c == ':' || c == '-' || c == '.'; });
  std::string damaged = directory + "/damaged-" + time;
  const std::string ours = database_path(directory), theirs = database_path(workplace);
  if (::renameat2(AT_FDCWD, theirs.c_str(), AT_FDCWD, ours.c_str(), RENAME_EXCHANGE) != 0) {
    throw std::runtime_error("cannot exchange " + theirs + " and " + ours + ": " + std::strerror(errno));
  }
  fs::create_directory(damaged);
  fs::rename(theirs, database_path(damaged));
  return damaged;
}

}  // namespace

bool Repair::needed() const {
  return !refusal.empty() || !lost_files.empty() ||
         std::ranges::any_of(families, [](const RepairedFamily& family) { return family.gaps > 0; });
}

Repair repair(const std::string& directory, bool apply) {
  Options options;
  options.directory = directory;
  if (!fs::is_directory(database_path(directory))) throw std::runtime_error("no data directory at " + directory);
  const DirectoryLock lock(directory);
  Repair repair;
  repair.refusal = refusal_of(options);
  const Workplace workplace(directory);
  rebuild(options, workplace.path(), repair);
  if (apply && repair.needed()) repair.originals = exchange(directory, workplace.path());
  return repair;
}

}  // namespace freshet::store

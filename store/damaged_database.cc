// SPDX-License-Identifier: Apache-2.0
#include "store/damaged_database.h"

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "store/codec/key_codec.h"
#include "store/open_database.h"

namespace freshet::store {
namespace {

namespace fs = std::filesystem;

rocksdb::DBOptions lenient_options() {
  rocksdb::DBOptions options;
  options.paranoid_checks = false;
  options.info_log = rocks_log([] {});
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  return options;
}

/// Halfway between two keys of the same length, which are read as numbers.
std::string middle(std::string_view low, std::string_view high) {
  std::string half(low.size(), '\0');
  unsigned carry = 0;
  std::vector<unsigned> sum(low.size());
  for (std::size_t i = low.size(); i-- > 0;) {
    sum[i] = static_cast<unsigned char>(low[i]) + static_cast<unsigned char>(high[i]) + carry;
    carry = sum[i] >> 8;
    sum[i] &= 0xFF;
  }
  for (std::size_t i = 0; i < low.size(); ++i) {
    half[i] = static_cast<char>((carry << 8 | sum[i]) >> 1);
    carry = sum[i] & 1;
  }
  return half;
}

/// Moves `rows`, which cannot read what follows `last`, to the first row behind the damage. False if there is none.
/// RocksDB does not say where the damaged block ends, so it is searched for: first in ever larger steps, which stop
/// before the next damage, then by halving the last of them.
bool skip_damage(rocksdb::Iterator& rows, std::string last) {
  constexpr std::size_t kDigits = 40;  // more than most keys have: where a block ends is known to the row
  last.resize(std::max(last.size(), kDigits), '\0');
  const auto readable_from = [&](const std::string& key) {
    rows.Seek(key);
    return rows.status().ok();
  };
  std::string low = last, high;
  for (std::size_t i = last.size(); i-- > 0 && high.empty();) {
    for (unsigned step = 1; high.empty() && static_cast<unsigned char>(last[i]) + step <= 0xFF; step *= 2) {
      std::string next(last, 0, i);
      next += static_cast<char>(static_cast<unsigned char>(last[i]) + step);
      next.resize(last.size(), '\0');
      (readable_from(next) ? high : low) = next;
    }
  }
  if (high.empty()) return false;
  for (std::string half = middle(low, high); half != low; half = middle(low, high)) {
    (readable_from(half) ? high : low) = half;
  }
  return readable_from(high) && rows.Valid();
}

}  // namespace

DamagedDatabase::DamagedDatabase(const std::string& path, const std::string& scratch, const Database::Impl& impl)
    : impl_(impl) {
  if (open(path).ok() && note_files()) return;
  list_files_again(path, scratch);
  require_ok("cannot open what was found in " + path, open(scratch));
}

DamagedDatabase::~DamagedDatabase() {
  for (auto* handle : handles_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
  }
}

rocksdb::Status DamagedDatabase::open(const std::string& path) {
  for (auto*& handle : handles_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
    handle = nullptr;
  }
  db_.reset();
  handles_.assign(kFamilyNames.size(), nullptr);
  std::vector<std::string> found;
  auto status = rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions{}, path, &found);
  if (!status.ok()) return status;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  std::vector<std::size_t> families;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    if (std::ranges::find(found, kFamilyNames[i]) == found.end()) continue;
    descriptors.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), impl_));
    families.push_back(i);
  }
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  status = rocksdb::DB::OpenForReadOnly(lenient_options(), path, descriptors, &handles, &db);
  if (!status.ok()) return status;
  db_.reset(db);
  for (std::size_t i = 0; i < families.size(); ++i) handles_[families[i]] = handles[i];
  return status;
}

/// False if nothing can be read of a family because of a file of the first level, which every read looks into.
bool DamagedDatabase::note_files() {
  bool readable = true;
  std::vector<rocksdb::LiveFileMetaData> files;
  db_->GetLiveFilesMetaData(&files);
  for (const auto& file : files) {
    if (file.column_family_name == kFamilyNames[static_cast<std::size_t>(Family::journal)]) {
      last_journal_offset_ = std::max(last_journal_offset_, decode_offset(file.largestkey).value_or(-1));
    }
    const auto status = rocksdb::SstFileReader(rocksdb::Options{}).Open(file.db_path + file.name);
    if (status.ok()) continue;
    unreadable_files_.push_back(file.name.substr(1) + ": " + status.ToString());
    readable = readable && file.level > 0;
  }
  return readable;
}

/// RepairDB moves away what it cannot read. What it makes is good for iterators only: all files are in the first level,
/// where a lookup of a single key may find an old value.
void DamagedDatabase::list_files_again(const std::string& path, const std::string& scratch) const {
  fs::create_directories(scratch);
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() != ".sst" && entry.path().extension() != ".log") continue;
    fs::create_hard_link(entry.path(), fs::path(scratch) / entry.path().filename());
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    const auto family = static_cast<Family>(i);
    descriptors.emplace_back(kFamilyNames[i], family_options(family, impl_));
    // RepairDB knows the families by their files only; one whose rows are all in the write-ahead log has none.
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions{},
                                  rocksdb::Options(rocksdb::DBOptions{}, descriptors.back().options),
                                  impl_.family(family));
    constexpr std::uint64_t kAboveAll = 900'000'000;
    require_ok("cannot write to " + scratch, writer.Open(scratch + "/" + std::to_string(kAboveAll + i) + ".sst"));
    require_ok("cannot write to " + scratch, writer.Delete("nothing"));
    require_ok("cannot write to " + scratch, writer.Finish());
  }
  require_ok("cannot repair " + path, rocksdb::RepairDB(scratch, lenient_options(), descriptors));
}

DamagedDatabase::Reading DamagedDatabase::read(Family family, const Visit& visit) const {
  Reading reading;
  auto* handle = handles_[static_cast<std::size_t>(family)];
  if (handle == nullptr) return reading;
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options, handle));
  std::string last;
  rows->SeekToFirst();
  while (rows->Valid() || !rows->status().ok()) {
    if (rows->Valid()) {
      last = rows->key().ToString();
      visit(rows->key(), rows->value());
      ++reading.rows;
      rows->Next();
    } else {
      if (++reading.gaps == 1) reading.first_failure = rows->status().ToString();
      if (!skip_damage(*rows, last)) break;
    }
  }
  return reading;
}

}  // namespace freshet::store

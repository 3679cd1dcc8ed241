// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/rocks.h"

namespace freshet::store {

/// A database of which some files may be damaged or missing, opened to read what is left. Only repair.cc includes this.
/// Threads: one.
/// Errors:  the constructor throws std::runtime_error if nothing can be read.
/// Cost:    each damaged part costs some hundred seeks.
class DamagedDatabase {
 public:
  /// Reads `path`, whose files are not changed. If the list of files (MANIFEST, CURRENT) cannot be read, or a file that
  /// every read looks into, the list is made again from the files that can be, in `scratch`: a new directory of links to
  /// them. `impl` has the families' options, and the open handles that name the families in it.
  DamagedDatabase(const std::string& path, const std::string& scratch, const Database::Impl& impl);
  ~DamagedDatabase();

  /// What can be read of a family, with what could not.
  struct Reading {
    std::uint64_t rows = 0;
    std::uint64_t gaps = 0;     ///< parts of the key range that could not be read
    std::string first_failure;  ///< the reason of the first gap
  };

  /// Calls visit(key, value) for each readable row of `family`, in key order. A key is not visited if any file that may
  /// have it cannot be read there: an older value must not take the place of a newer one.
  using Visit = std::function<void(const rocksdb::Slice& key, const rocksdb::Slice& value)>;
  Reading read(Family family, const Visit& visit) const;

  /// Upper bound of the offsets in files of the journal, readable or not; -1 if there is none.
  std::int64_t last_journal_offset() const { return last_journal_offset_; }

  /// Files that cannot be read at all, and why.
  const std::vector<std::string>& unreadable_files() const { return unreadable_files_; }

 private:
  rocksdb::Status open(const std::string& path);
  bool note_files();
  void list_files_again(const std::string& path, const std::string& scratch) const;

  const Database::Impl& impl_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // as in Database::Impl; null for a family that is not there
  std::int64_t last_journal_offset_ = -1;
  std::vector<std::string> unreadable_files_;
};

}  // namespace freshet::store

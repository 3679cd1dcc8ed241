// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/sst_file_reader.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "store/rocks.h"

namespace freshet::testing {

/// Flips one bit of the byte at `place`.
inline void flip_bit(const std::filesystem::path& file, std::uint64_t place) {
  std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
  bytes.seekg(static_cast<std::streamoff>(place));
  const int byte = bytes.get();
  bytes.seekp(static_cast<std::streamoff>(place));
  bytes.put(static_cast<char>(byte ^ 1));
  if (!bytes) throw std::runtime_error("cannot flip a bit of " + file.string());
}

/// The newest table file of `family`, after everything has been flushed to files.
inline std::filesystem::path newest_file(const store::Database& database, store::Family family) {
  const store::Database::Impl& db = database.impl();
  if (!db.db->Flush({}, {db.handles.begin(), db.handles.end()}).ok()) throw std::runtime_error("cannot flush");
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db->GetLiveFilesMetaData(&files);
  std::string newest;
  for (const auto& file : files) {
    const bool ours = file.column_family_name == store::kFamilyNames[static_cast<std::size_t>(family)];
    if (ours && file.name > newest) newest = file.name;
  }
  if (newest.empty()) throw std::runtime_error("the family has no file");
  return database.options().directory + "/db" + newest;
}

/// Flips a bit in the last block of rows of a table file.
inline void damage_last_block(const std::filesystem::path& file) {
  rocksdb::SstFileReader reader(rocksdb::Options{});
  if (!reader.Open(file).ok()) throw std::runtime_error("cannot read " + file.string());
  constexpr std::uint64_t kFromEnd = 10;  // before the block's trailer
  flip_bit(file, reader.GetTableProperties()->data_size - kFromEnd);
}

}  // namespace freshet::testing

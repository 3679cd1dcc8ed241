// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "store/catalogue/catalogue_row.h"
#include "store/catalogue/paged_array.h"

namespace freshet::store {

/// Names of items and their rows, both ways. A name stays for ever.
/// Threads: those of a container.
/// Cost:    O(1). About 30 bytes per item and its name; growing moves the slots of 1/64 of the items at a time.
class ItemNames {
 public:
  /// kNoRow if there is no such name.
  CatalogueRow find(std::string_view name) const;

  /// The row of `name`, which gets the next one if it is new.
  /// REQUIRES: name is at most kMaxIdBytes long; size() < PagedArray::kMaxRows
  CatalogueRow add(std::string_view name);

  /// REQUIRES: row < size()
  std::string_view name(CatalogueRow row) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

 private:
  /// An open-addressing table. A slot holds half of the hash, then the row.
  struct Shard {
    std::vector<std::uint64_t> slots;
    std::size_t used = 0;
  };
  static constexpr int kShardBits = 6;

  static void insert(Shard& shard, std::uint64_t slot);
  static void grow(Shard& shard);
  const char* store(std::string_view name);

  std::array<Shard, std::size_t{1} << kShardBits> shards_;
  PagedArray<const char*> names_;  // each two bytes of length, then the text
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_left_ = 0;
  std::size_t size_ = 0;
};

}  // namespace freshet::store

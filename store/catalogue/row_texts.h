// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "store/catalogue/catalogue_row.h"

namespace freshet::store {

/// A text per row, for texts of which most rows have one of their own.
/// Threads: as AttributeColumns.
/// Cost:    some 24 bytes per text beside its own.
class RowTexts {
 public:
  /// REQUIRES: the row has no text
  void set(CatalogueRow row, std::string_view text);
  /// Without effect if the row has none.
  void clear(CatalogueRow row);

  /// Empty if the row has none.
  std::string_view text(CatalogueRow row) const;

  std::uint64_t size() const { return count_; }
  std::uint64_t memory_bytes() const { return texts_.capacity() * sizeof(texts_[0]) + bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> texts_;  ///< the length, and the text
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace freshet::store

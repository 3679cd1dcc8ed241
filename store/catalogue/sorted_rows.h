// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "store/catalogue/postings.h"

namespace freshet::store {

/// Numbers from `low` to `high`; without one of the ends if `low_inclusive` or `high_inclusive` is false.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_inclusive = true;
  bool high_inclusive = true;

  static NumberRange only(double number) { return {number, number, true, true}; }

  bool contains(double number) const { return !before(number) && !after(number); }
  bool before(double number) const { return low_inclusive ? number < low : number <= low; }
  bool after(double number) const { return high_inclusive ? number > high : number >= high; }
};

/// Rows in the order of a number, in sorted blocks: the B+ tree's leaves without its nodes.
/// Threads: const methods may be called concurrently.
/// Cost:    16 to 20 bytes per row; insert(), erase(): a search, a move within a block of at most 128 rows, and every
///          64 rows or so a move of 56 bytes per block behind; count(): a search at both ends, and an addition per block between.
class SortedRows {
 public:
  /// REQUIRES: the number is finite
  void insert(double number, CatalogueRow row);
  /// Without effect if the row is not there with this number.
  void erase(double number, CatalogueRow row);

  std::size_t size() const { return size_; }
  std::uint64_t count(const NumberRange& range) const;

  /// Calls `visit(row)` in ascending order of the numbers until it returns false. Returns false if that happened.
  template <typename Visit>
  bool visit(const NumberRange& range, const Visit& visit) const {
    for (std::size_t b = first_block(range); b < blocks_.size(); ++b) {
      const Block& block = blocks_[b];
      for (std::size_t i = 0; i < block.rows.size(); ++i) {
        if (range.before(block.numbers[i])) continue;
        if (range.after(block.numbers[i])) return true;
        if (!visit(block.rows[i])) return false;
      }
    }
    return true;
  }

  std::uint64_t memory_bytes() const;

 private:
  struct Block {
    std::vector<double> numbers;  ///< sorted, equal numbers by row; never empty
    std::vector<CatalogueRow> rows;
  };

  /// The last block that begins at or before (number, row), or the first. REQUIRES: there are blocks
  std::size_t block_of(double number, CatalogueRow row) const;
  /// The first block that may have numbers of `range`.
  std::size_t first_block(const NumberRange& range) const;
  void split(std::size_t b);
  void merge(std::size_t b);

  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace freshet::store

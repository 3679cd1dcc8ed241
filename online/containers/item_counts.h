// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/part/context.h"

namespace freshet::online {

/// Counts in how many places each item is held, so that forgetting an item that is held nowhere costs nothing.
/// Threads: one.
class ItemCounts {
 public:
  void add(ItemIndex item) {
    if (counts_.size() <= item) counts_.resize(item + std::size_t{1});
    ++counts_[item];
  }
  /// REQUIRES: the item's count is not 0
  void remove(ItemIndex item) { --counts_[item]; }
  void clear(ItemIndex item) {
    if (item < counts_.size()) counts_[item] = 0;
  }

  std::uint32_t of(ItemIndex item) const { return item < counts_.size() ? counts_[item] : 0; }
  std::size_t memory_bytes() const { return counts_.capacity() * sizeof(std::uint32_t); }

 private:
  std::vector<std::uint32_t> counts_;  // by item
};

}  // namespace freshet::online

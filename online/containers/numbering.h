// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/containers/item_table.h"

namespace freshet::online {

/// Numbers keys 0, 1, 2, ... in order of first appearance: the rows that one training step touches get a dense index.
/// Differs from ItemTable in that it chooses the values and lists the keys, from QuickNumbering in that the number of
/// keys need not be known beforehand.
/// Threads: one.
/// Cost:    O(1), clear() included; no allocation once it has grown to the usual size.
class Numbering {
 public:
  static constexpr std::uint32_t kAbsent = ItemTable::kAbsent;

  void clear() {
    numbers_.clear();
    keys_.clear();
  }

  /// The key's number. A new key gets the next number.
  std::uint32_t insert(std::uint32_t key) {
    const std::uint32_t number = numbers_.find_or_insert(key, static_cast<std::uint32_t>(keys_.size()));
    if (number == keys_.size()) keys_.push_back(key);
    return number;
  }

  /// The key's number; kAbsent if it has none.
  std::uint32_t find(std::uint32_t key) const { return numbers_.find(key); }
  const std::vector<std::uint32_t>& keys() const { return keys_; }  ///< by number
  std::size_t size() const { return keys_.size(); }

 private:
  ItemTable numbers_;
  std::vector<std::uint32_t> keys_;
};

}  // namespace freshet::online

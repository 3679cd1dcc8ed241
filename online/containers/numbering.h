#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/containers/item_table.h"

namespace freshet::online {

/// Gives keys (rows) the numbers 0, 1, 2, ... in order of first appearance: a small dense table of what a training step
/// touches. Made to be emptied and filled again.
/// Threads: one.
class Numbering {
 public:
  static constexpr std::uint32_t kAbsent = ItemTable::kAbsent;

  void clear() {
    numbers_.clear();
    keys_.clear();
  }

  std::uint32_t insert(std::uint32_t key) {
    const std::uint32_t number = numbers_.find_or_insert(key, static_cast<std::uint32_t>(keys_.size()));
    if (number == keys_.size()) keys_.push_back(key);
    return number;
  }

  /// kAbsent if it has none.
  std::uint32_t find(std::uint32_t key) const { return numbers_.find(key); }
  const std::vector<std::uint32_t>& keys() const { return keys_; }
  std::size_t size() const { return keys_.size(); }

 private:
  ItemTable numbers_;
  std::vector<std::uint32_t> keys_;
};

}  // namespace freshet::online

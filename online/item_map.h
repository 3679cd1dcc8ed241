#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace freshet::online {

/// Maps 32-bit keys (items, session numbers) to slots 0, 1, 2, ... in order of first appearance: the inner loop of every
/// candidate list. Open addressing; reused between calls without giving memory back; clear() costs what was used.
class ItemMap {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  ItemMap() { resize(1024); }

  void clear() {
    for (const std::uint32_t cell : cells_) table_[cell].slot = kAbsent;
    cells_.clear();
    keys_.clear();
  }

  /// The slot of `key`, new or known.
  std::uint32_t insert(std::uint32_t key) {
    std::size_t cell = find_cell(key);
    if (table_[cell].slot != kAbsent) return table_[cell].slot;
    if (keys_.size() * 2 >= table_.size()) {
      resize(table_.size() * 2);
      cell = find_cell(key);
    }
    place(cell, key);
    return table_[cell].slot;
  }

  /// kAbsent if unknown.
  std::uint32_t find(std::uint32_t key) const { return table_[find_cell(key)].slot; }

  /// Keys by slot.
  const std::vector<std::uint32_t>& keys() const { return keys_; }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Cell {
    std::uint32_t key = 0;
    std::uint32_t slot = kAbsent;
  };

  std::size_t find_cell(std::uint32_t key) const {
    std::size_t cell = (key * 0x9E3779B1U) >> shift_;
    while (table_[cell].slot != kAbsent && table_[cell].key != key) cell = (cell + 1) & (table_.size() - 1);
    return cell;
  }

  void resize(std::size_t cells) {
    table_.assign(cells, {});
    shift_ = 32 - static_cast<unsigned>(std::countr_zero(cells));
    const std::vector<std::uint32_t> keys = std::move(keys_);
    keys_.clear();
    cells_.clear();
    for (const std::uint32_t key : keys) place(find_cell(key), key);
  }

  void place(std::size_t cell, std::uint32_t key) {
    table_[cell] = {key, static_cast<std::uint32_t>(keys_.size())};
    cells_.push_back(static_cast<std::uint32_t>(cell));
    keys_.push_back(key);
  }

  std::vector<Cell> table_;
  std::vector<std::uint32_t> cells_;  // in use
  std::vector<std::uint32_t> keys_;   // by slot
  unsigned shift_ = 0;
};

}  // namespace freshet::online

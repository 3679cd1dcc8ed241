// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace freshet::online {

/// A small hash table from 32-bit keys (items, session numbers) to 32-bit values that is cleared and refilled for every
/// ranking. The general one of the three tables for small keys: Numbering adds the list of keys, in order of insertion;
/// QuickNumbering trades memory and a known maximum for an insert without unpredictable branches.
/// Threads: one.
/// Cost:    O(1), clear() included; no allocation once it has grown to the usual size.
class ItemTable {
 public:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  ItemTable() : slots_(1024), mask_(slots_.size() - 1) {}

  void clear() {
    used_ = 0;
    if (++epoch_ == 0) {  // after 2^32 clears, old slots would look current
      slots_.assign(slots_.size(), Slot{});
      epoch_ = 1;
    }
  }

  /// The value of `key`, or kAbsent.
  std::uint32_t find(std::uint32_t key) const {
    for (std::size_t i = home(key);; i = (i + 1) & mask_) {
      if (slots_[i].epoch != epoch_) return kAbsent;
      if (slots_[i].key == key) return slots_[i].value;
    }
  }

  /// The value of `key`, after inserting `value` if the key was absent.
  std::uint32_t find_or_insert(std::uint32_t key, std::uint32_t value) {
    if (used_ * 2 > mask_) grow();
    for (std::size_t i = home(key);; i = (i + 1) & mask_) {
      if (slots_[i].epoch != epoch_) {
        slots_[i] = {key, epoch_, value};
        ++used_;
        return value;
      }
      if (slots_[i].key == key) return slots_[i].value;
    }
  }

  std::size_t size() const { return used_; }

 private:
  struct Slot {
    std::uint32_t key = 0;
    std::uint32_t epoch = 0;
    std::uint32_t value = 0;
  };

  std::size_t home(std::uint32_t key) const { return (key * 0x9E3779B1U >> 7) & mask_; }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    const std::uint32_t from = epoch_;
    epoch_ = 1;
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.epoch == from) find_or_insert(slot.key, slot.value);
    }
  }

  std::vector<Slot> slots_;  // their number is a power of two
  std::size_t mask_;         // slots_.size() - 1
  std::uint32_t epoch_ = 1;
  std::size_t used_ = 0;
};

}  // namespace freshet::online

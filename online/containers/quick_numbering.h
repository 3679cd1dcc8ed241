// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace freshet::online {

/// Numbers keys 1, 2, ... in order of first appearance, for inner loops over about a thousand keys; 0 means none.
/// Differs from Numbering in that the maximum number of keys is given beforehand. So the table can be sparse enough
/// that nearly every key is found at the first probe, and known and new keys take the same path: a branch between the
/// two is unpredictable, and a misprediction costs more than the insert.
/// Threads: one.
/// Cost:    O(1); start() is linear in the maximum.
class QuickNumbering {
 public:
  /// Removes all keys and makes room for `most_keys`.
  /// Cost: clears 16 to 32 bytes per key of `most_keys`.
  void start(std::size_t most_keys) {
    const std::size_t slots = std::bit_ceil(4 * most_keys + 1);
    slots_.assign(slots, 0);
    mask_ = slots - 1;
    if (keys_.size() < most_keys + 2) keys_.resize(most_keys + 2);
    size_ = 0;
  }

  /// The key's number. A new key gets the next number if `may_add`, else 0.
  /// REQUIRES: at most `most_keys` keys are added
  std::uint32_t insert(std::uint32_t key, bool may_add = true) {
    keys_[0] = keys_[size_ + 1] = key;  // sentinels: the probe below ends at a known key or at 0
    std::size_t slot = home(key);
    while (keys_[slots_[slot]] != key) slot = (slot + 1) & mask_;
    const std::size_t known = slots_[slot], is_new = (known == 0 ? 1U : 0U) & (may_add ? 1U : 0U);
    size_ += is_new;
    const auto number = static_cast<std::uint32_t>(known + is_new * size_);
    slots_[slot] = number;
    return number;
  }

  /// The key's number; 0 if it has none.
  std::uint32_t find(std::uint32_t key) const {
    std::size_t slot = home(key);
    while (slots_[slot] != 0 && keys_[slots_[slot]] != key) slot = (slot + 1) & mask_;
    return slots_[slot];
  }

  std::uint32_t key(std::size_t number) const { return keys_[number]; }
  std::size_t size() const { return size_; }

 private:
  std::size_t home(std::uint32_t key) const { return (key * 0x9E3779B1U >> 7) & mask_; }

  std::vector<std::uint32_t> slots_{0};    // numbers
  std::vector<std::uint32_t> keys_{0, 0};  // by number; [0] and the entry after the last hold the sentinels
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace freshet::online

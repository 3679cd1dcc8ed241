#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace freshet::online {

/// As Numbering, for inner loops over a thousand keys: how many there are at most is said beforehand, and the table is
/// so empty that nearly every key is found at the first look. Old and new keys take the same path, for a branch between
/// them could not be guessed. Numbers are 1, 2, ...: 0 means none.
/// Threads: one.
class QuickNumbering {
 public:
  /// Forgets all keys. Cost: 16 bytes per key that may come.
  void start(std::size_t most_keys) {
    const std::size_t slots = std::bit_ceil(4 * most_keys + 1);
    slots_.assign(slots, 0);
    mask_ = slots - 1;
    if (keys_.size() < most_keys + 2) keys_.resize(most_keys + 2);
    size_ = 0;
  }

  /// The key's number. One that has none gets the next if `may_add`, else 0.
  std::uint32_t insert(std::uint32_t key, bool may_add = true) {
    keys_[0] = keys_[size_ + 1] = key;  // what is looked for is there in any case
    std::size_t slot = home(key);
    while (keys_[slots_[slot]] != key) slot = (slot + 1) & mask_;
    const std::size_t known = slots_[slot], is_new = (known == 0 ? 1U : 0U) & (may_add ? 1U : 0U);
    size_ += is_new;
    const auto number = static_cast<std::uint32_t>(known + is_new * size_);
    slots_[slot] = number;
    return number;
  }

  /// 0 if it has none.
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
  std::vector<std::uint32_t> keys_{0, 0};  // by number; [0] and the one after the last are room to look in
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace freshet::online {

/// Small numbers in order of last use: a doubly linked list inside two arrays that are indexed by number.
/// Threads: one.
/// Cost:    O(1) for every operation; 8 bytes per number up to the largest.
class LruOrder {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Makes `number` the newest, and adds it if it is not in the list.
  void touch(std::uint32_t number) {
    if (number == newest_) return;
    if (number >= older_.size()) {
      older_.resize(number + std::size_t{1}, kAbsent);
      newer_.resize(number + std::size_t{1}, kNone);
    } else if (older_[number] != kAbsent) {
      unlink(number);
    }
    older_[number] = newest_;
    newer_[number] = kNone;
    (newest_ == kNone ? oldest_ : newer_[newest_]) = number;
    newest_ = number;
  }

  /// REQUIRES: `number` is in the list
  void remove(std::uint32_t number) {
    unlink(number);
    older_[number] = kAbsent;
  }

  bool contains(std::uint32_t number) const { return number < older_.size() && older_[number] != kAbsent; }

  /// kNone if the list is empty.
  std::uint32_t oldest() const { return oldest_; }
  std::uint32_t newest() const { return newest_; }
  /// The next more recently used number; kNone after the newest.
  std::uint32_t after(std::uint32_t number) const { return newer_[number]; }

  /// The list becomes `order`, oldest first. REQUIRES: `order` names no number twice
  void restore(const std::vector<std::uint32_t>& order) {
    *this = {};
    for (const std::uint32_t number : order) touch(number);
  }

  std::size_t memory_bytes() const {
    return older_.capacity() * sizeof(std::uint32_t) + newer_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kAbsent = UINT32_MAX - 1;

  void unlink(std::uint32_t number) {
    (older_[number] == kNone ? oldest_ : newer_[older_[number]]) = newer_[number];
    (newer_[number] == kNone ? newest_ : older_[newer_[number]]) = older_[number];
  }

  std::vector<std::uint32_t> older_, newer_;  // by number; older_ is kAbsent for numbers that are not in the list
  std::uint32_t oldest_ = kNone, newest_ = kNone;
};

}  // namespace freshet::online

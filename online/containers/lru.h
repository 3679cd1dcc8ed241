#pragma once

#include <cstdint>
#include <vector>

namespace freshet::online {

/// Numbers 0, 1, 2, ... in order of last use: a linked list through two arrays. All operations O(1).
/// Threads: one.
class LruOrder {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Makes `number` the newest; it may be new (numbers are added in order).
  void touch(std::uint32_t number) {
    if (number == newest_) return;
    if (number < older_.size()) {
      unlink(number);
    } else {
      older_.resize(number + 1, kNone);
      newer_.resize(number + 1, kNone);
    }
    older_[number] = newest_;
    newer_[number] = kNone;
    (newest_ == kNone ? oldest_ : newer_[newest_]) = number;
    newest_ = number;
  }

  std::uint32_t oldest() const { return oldest_; }
  std::uint32_t newest() const { return newest_; }
  /// The next more recently used one; kNone after the newest.
  std::uint32_t after(std::uint32_t number) const { return newer_[number]; }

  /// Oldest first. REQUIRES: `order` names each of 0 .. order.size() - 1 once
  void restore(const std::vector<std::uint32_t>& order) {
    older_.assign(order.size(), kNone);
    newer_.assign(order.size(), kNone);
    for (std::size_t i = 1; i < order.size(); ++i) {
      older_[order[i]] = order[i - 1];
      newer_[order[i - 1]] = order[i];
    }
    oldest_ = order.empty() ? kNone : order.front();
    newest_ = order.empty() ? kNone : order.back();
  }

  std::size_t memory_bytes() const { return older_.capacity() * 8; }

 private:
  void unlink(std::uint32_t number) {
    (older_[number] == kNone ? oldest_ : newer_[older_[number]]) = newer_[number];
    (newer_[number] == kNone ? newest_ : older_[newer_[number]]) = older_[number];
  }

  std::vector<std::uint32_t> older_, newer_;
  std::uint32_t oldest_ = kNone, newest_ = kNone;
};

}  // namespace freshet::online

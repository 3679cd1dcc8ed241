// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace freshet::online {

/// Several lists of small numbers, each in order of last use: doubly linked inside two arrays that are indexed by
/// number. A number is in one list at most.
/// Threads: one.
/// Cost:    O(1) for every operation; 8 bytes per number up to the largest.
class LruLists {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct List {
    std::uint32_t oldest = kNone, newest = kNone;  ///< kNone if the list is empty
  };

  /// Makes `number` the newest of `list`, and adds it if it is in no list.
  /// REQUIRES: `number` is in no other list
  void touch(List& list, std::uint32_t number) {
    if (number == list.newest) return;
    if (number >= older_.size()) {
      older_.resize(number + std::size_t{1}, kAbsent);
      newer_.resize(number + std::size_t{1}, kNone);
    } else if (older_[number] != kAbsent) {
      unlink(list, number);
    }
    older_[number] = list.newest;
    newer_[number] = kNone;
    (list.newest == kNone ? list.oldest : newer_[list.newest]) = number;
    list.newest = number;
  }

  /// REQUIRES: `number` is in `list`
  void remove(List& list, std::uint32_t number) {
    unlink(list, number);
    older_[number] = kAbsent;
  }

  /// True if one of the lists has it.
  bool contains(std::uint32_t number) const { return number < older_.size() && older_[number] != kAbsent; }

  /// The next more recently used number of the same list; kNone after the newest.
  std::uint32_t after(std::uint32_t number) const { return newer_[number]; }

  std::size_t memory_bytes() const {
    return older_.capacity() * sizeof(std::uint32_t) + newer_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kAbsent = UINT32_MAX - 1;

  void unlink(List& list, std::uint32_t number) {
    (older_[number] == kNone ? list.oldest : newer_[older_[number]]) = newer_[number];
    (newer_[number] == kNone ? list.newest : older_[newer_[number]]) = older_[number];
  }

  std::vector<std::uint32_t> older_, newer_;  // by number; older_ is kAbsent for numbers that are in no list
};

/// Small numbers in order of last use: one list.
/// Threads: one.
/// Cost:    as LruLists.
class LruOrder {
 public:
  static constexpr std::uint32_t kNone = LruLists::kNone;

  /// Makes `number` the newest, and adds it if it is not in the list.
  void touch(std::uint32_t number) { lists_.touch(list_, number); }

  /// REQUIRES: `number` is in the list
  void remove(std::uint32_t number) { lists_.remove(list_, number); }

  bool contains(std::uint32_t number) const { return lists_.contains(number); }

  /// kNone if the list is empty.
  std::uint32_t oldest() const { return list_.oldest; }
  std::uint32_t newest() const { return list_.newest; }
  /// The next more recently used number; kNone after the newest.
  std::uint32_t after(std::uint32_t number) const { return lists_.after(number); }

  /// The list becomes `order`, oldest first. REQUIRES: `order` names no number twice
  void restore(const std::vector<std::uint32_t>& order) {
    *this = {};
    for (const std::uint32_t number : order) touch(number);
  }

  std::size_t memory_bytes() const { return lists_.memory_bytes(); }

 private:
  LruLists lists_;
  LruLists::List list_;
};

}  // namespace freshet::online

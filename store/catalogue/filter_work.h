// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace freshet::store {

/// What a filter may still cost in one list, in units of about 25 ns. It is counted and not timed, so the same filter over
/// the same items comes to the same end on every machine. Once it is used up, no row matches.
/// Threads: one.
class FilterWork {
 public:
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  // What things cost: one unit, or so many.
  static constexpr std::uint64_t kRow = 1;  ///< a row that is asked about by itself: memory must be waited for
  static constexpr std::uint64_t kWordsPerUnit = 16;     ///< of a row's record, beside one unit
  static constexpr std::uint64_t kSearchedPerUnit = 32;  ///< bytes of a text that is searched
  static constexpr std::uint64_t kNeedlePerSearch = 64;  ///< bytes of a needle that make the search once more as dear
  static constexpr std::uint64_t kFoldedPerUnit = 8;     ///< bytes of a text that is decoded and folded
  static constexpr std::uint64_t kStoreRead = 400;       ///< an item read from the store
  static constexpr std::uint64_t kRowsPerCountUnit = 1024;  ///< that are counted, or in bitmaps that are intersected

  explicit FilterWork(std::uint64_t units) : left_(units) {}

  /// False if that is more than there is left: then it is used up.
  bool take(std::uint64_t units) {
    if (units <= left_) {
      left_ -= units;
      return true;
    }
    left_ = 0;
    used_up_ = true;
    return false;
  }
  bool used_up() const { return used_up_; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_;
  bool used_up_ = false;
};

}  // namespace freshet::store

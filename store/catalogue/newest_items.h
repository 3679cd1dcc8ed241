// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "store/catalogue/catalogue_row.h"
#include "store/catalogue/item_names.h"

namespace freshet::store {

/// Rows in the order of their items: newest time first, then by name. Most are in one sorted array, new ones in a set that
/// is merged into it from time to time. A row whose item changes its time or goes away stays until then, and is passed
/// over.
/// Threads: those of a container; tidied() only reads.
/// Cost:    add(): logarithmic. 16 bytes per row, and some for the set.
class NewestItems {
 public:
  struct Entry {
    Timestamp time{};
    CatalogueRow row = kNoRow;

    bool operator==(const Entry&) const = default;
  };
  /// Whether the entry still says what is so.
  using IsValid = std::function<bool(const Entry&)>;

  /// `names` outlives it.
  explicit NewestItems(const ItemNames& names) : newer_{names}, recent_(newer_) {}

  void add(const Entry& entry) { recent_.insert(entry); }

  /// At most `count` of the valid entries that come after `after` (null: from the first), each once.
  std::vector<Entry> next(std::size_t count, const Entry* after, const IsValid& is_valid) const;

  /// True if there are so many entries to pass over, or to merge, that tidied() pays. `valid`: number of valid entries.
  bool is_untidy(std::size_t valid) const;

  /// The valid entries, for replace().
  std::vector<Entry> tidied(const IsValid& is_valid) const;
  /// REQUIRES: `sorted` is in order. Returns what was there before, to be destroyed without a lock.
  std::vector<Entry> replace(std::vector<Entry> sorted);

  /// Sorts `entries`, whose names ascend, as replace() needs them.
  static void sort_from_names(std::vector<Entry>& entries);

  std::size_t memory_bytes() const;

 private:
  struct Newer {
    std::reference_wrapper<const ItemNames> names;
    bool operator()(const Entry& a, const Entry& b) const;
  };

  /// Calls visit(entry) for each entry after `after` until it returns false.
  template <typename Visit>
  void visit(const Entry* after, Visit visit) const;

  Newer newer_;
  std::vector<Entry> sorted_;
  std::set<Entry, Newer> recent_;
};

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/sip_hash.h"
#include "store/catalogue/postings.h"

namespace freshet::store {

/// The distinct texts of an attribute, each with the rows that have it. A value has a number while it has rows; a number
/// that is free is used again.
/// Threads: const methods may be called concurrently.
/// Cost:    about 45 bytes beside the text for a value of one row; find(), intern(): a hash lookup.
class ValueTable {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xFFFF'FFFF;
  static constexpr std::size_t kMaxTextBytes = 0xFFFF;

  /// kNone if there is no such value.
  Id find(std::string_view text) const;

  /// The number of the value, made if it is new. Give it a row: a value without rows is never freed.
  /// REQUIRES: text.size() <= kMaxTextBytes
  Id intern(std::string_view text);

  /// False if it had the row.
  bool add(Id id, CatalogueRow row) { return values_[id].rows.add(row); }
  /// The value is gone with its last row.
  void remove(Id id, CatalogueRow row);

  std::string_view text(Id id) const;
  const Postings& rows(Id id) const { return values_[id].rows; }

  std::size_t size() const { return values_.size() - free_.size(); }

  /// While it is the same, so are the texts and their numbers. No two tables that have texts have the same.
  std::uint64_t version() const { return version_; }

  /// Calls `visit(id)` for each value.
  template <typename Visit>
  void visit(Visit visit) const {
    for (Id id = 0; id < values_.size(); ++id) {
      if (values_[id].text) visit(id);
    }
  }

  /// Cost: reads all values.
  std::uint64_t memory_bytes() const;

 private:
  struct Value {
    std::unique_ptr<char[]> text;  ///< two bytes of length, then the text; null if the number is free
    Postings rows;
  };

  std::size_t first_slot(std::string_view text) const { return TextHash{}(text) & (slots_.size() - 1); }
  /// The slot of `text`, or the empty one where it belongs. REQUIRES: there are slots
  std::size_t slot_of(std::string_view text) const;
  void grow();

  std::vector<Value> values_;
  std::vector<Id> free_;
  std::vector<Id> slots_;  ///< open addressing with linear probing; a power of two, or none
  std::uint64_t text_bytes_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace freshet::store

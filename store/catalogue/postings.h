// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "store/catalogue/catalogue_row.h"

struct roaring_bitmap_s;

namespace freshet::store {

/// A set of rows that takes 16 bytes for one row, 4 bytes per row for few, and is a Roaring bitmap for many: most values
/// of a catalogue, such as article numbers, have one item each.
/// Threads: const methods may be called concurrently.
/// Cost:    add(), remove(): logarithmic, and a move of at most 512 bytes while there are few.
class Postings {
 public:
  Postings() = default;
  ~Postings() { clear(); }
  Postings(Postings&& other) noexcept { swap(other); }
  Postings& operator=(Postings&& other) noexcept {
    swap(other);
    return *this;
  }

  /// False if the row was there.
  bool add(CatalogueRow row);
  /// False if the row was not there.
  bool remove(CatalogueRow row);
  void clear();

  bool contains(CatalogueRow row) const;
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Calls `visit(row)` in ascending order until it returns false. Returns false if that happened.
  template <typename Visit>
  bool visit(const Visit& visit) const {
    const auto call = [](CatalogueRow row, void* context) { return (*static_cast<const Visit*>(context))(row); };
    return visit_rows(call, const_cast<Visit*>(&visit));
  }

  /// The bitmap; null while there are few.
  const roaring_bitmap_s* bitmap() const { return is_bitmap() ? rows_.bitmap : nullptr; }

  /// Adds all rows to `bitmap`.
  void add_to(roaring_bitmap_s* bitmap) const;

  /// Beyond the object itself.
  std::uint64_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kBitmap = 0xFFFF'FFFF;

  bool is_bitmap() const { return capacity_ == kBitmap; }
  const CatalogueRow* few() const { return capacity_ == 0 ? &rows_.one : rows_.few; }
  CatalogueRow* few() { return capacity_ == 0 ? &rows_.one : rows_.few; }
  void set_capacity(std::uint32_t capacity);
  void become_bitmap();
  void become_few();
  bool visit_rows(bool (*call)(CatalogueRow, void*), void* context) const;
  void swap(Postings& other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  union {
    CatalogueRow one;
    CatalogueRow* few;  ///< sorted
    roaring_bitmap_s* bitmap;
  } rows_{.few = nullptr};
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  ///< 0: the row is in `one`; kBitmap; else of `few`
};

}  // namespace freshet::store

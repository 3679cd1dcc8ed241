// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/postings.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <cstring>

#include "store/catalogue/row_bitmap.h"

namespace freshet::store {
namespace {

constexpr std::uint32_t kMaxFew = 128;

}  // namespace

void Postings::set_capacity(std::uint32_t capacity) {
  auto* grown = new CatalogueRow[capacity];
  std::memcpy(grown, few(), size_ * sizeof(CatalogueRow));
  if (capacity_ != 0) delete[] rows_.few;
  rows_.few = grown;
  capacity_ = capacity;
}

void Postings::become_bitmap() {
  auto* bitmap = roaring_bitmap_of_ptr(size_, rows_.few);
  delete[] rows_.few;
  rows_.bitmap = bitmap;
  capacity_ = kBitmap;
}

void Postings::become_few() {
  auto* rows = new CatalogueRow[kMaxFew];
  roaring_bitmap_to_uint32_array(rows_.bitmap, rows);
  roaring_bitmap_free(rows_.bitmap);
  rows_.few = rows;
  capacity_ = kMaxFew;
}

bool Postings::add(CatalogueRow row) {
  if (is_bitmap()) {
    if (!roaring_bitmap_add_checked(rows_.bitmap, row)) return false;
    ++size_;
    return true;
  }
  if (size_ == 0) {
    *few() = row;
    size_ = 1;
    return true;
  }
  const auto at = static_cast<std::uint32_t>(std::lower_bound(few(), few() + size_, row) - few());
  if (at < size_ && few()[at] == row) return false;
  if (size_ == kMaxFew) {
    become_bitmap();
    return add(row);
  }
  if (size_ >= std::max<std::uint32_t>(1, capacity_)) set_capacity(capacity_ == 0 ? 2 : capacity_ * 2);
  CatalogueRow* const rows = few();
  std::memmove(rows + at + 1, rows + at, (size_ - at) * sizeof(CatalogueRow));
  rows[at] = row;
  ++size_;
  return true;
}

bool Postings::remove(CatalogueRow row) {
  if (is_bitmap()) {
    if (!roaring_bitmap_remove_checked(rows_.bitmap, row)) return false;
    if (--size_ <= kMaxFew / 2) become_few();
    return true;
  }
  CatalogueRow* const rows = few();
  const auto at = static_cast<std::uint32_t>(std::lower_bound(rows, rows + size_, row) - rows);
  if (at == size_ || rows[at] != row) return false;
  std::memmove(rows + at, rows + at + 1, (size_ - at - 1) * sizeof(CatalogueRow));
  if (--size_ == 0) {
    clear();
  } else if (size_ == 1) {
    const CatalogueRow left = rows[0];
    clear();
    add(left);
  } else if (size_ <= capacity_ / 4) {
    set_capacity(capacity_ / 2);
  }
  return true;
}

void Postings::clear() {
  if (is_bitmap()) {
    roaring_bitmap_free(rows_.bitmap);
  } else if (capacity_ != 0) {
    delete[] rows_.few;
  }
  rows_.few = nullptr;
  size_ = capacity_ = 0;
}

bool Postings::contains(CatalogueRow row) const {
  if (is_bitmap()) return roaring_bitmap_contains(rows_.bitmap, row);
  return std::binary_search(few(), few() + size_, row);
}

bool Postings::visit_rows(bool (*call)(CatalogueRow, void*), void* context) const {
  if (is_bitmap()) return roaring_iterate(rows_.bitmap, call, context);
  return std::all_of(few(), few() + size_, [&](CatalogueRow row) { return call(row, context); });
}

void Postings::add_to(roaring_bitmap_s* bitmap) const {
  if (is_bitmap()) {
    roaring_bitmap_or_inplace(bitmap, rows_.bitmap);
  } else {
    roaring_bitmap_add_many(bitmap, size_, few());
  }
}

std::uint64_t Postings::memory_bytes() const {
  return is_bitmap() ? bitmap_bytes(rows_.bitmap) : std::uint64_t{capacity_} * sizeof(CatalogueRow);
}

}  // namespace freshet::store

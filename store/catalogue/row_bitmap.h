// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <roaring/roaring.h>

#include <cstdint>
#include <memory>

namespace freshet::store {

struct FreeBitmap {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using RowBitmap = std::unique_ptr<roaring_bitmap_t, FreeBitmap>;

inline RowBitmap make_bitmap() { return RowBitmap(roaring_bitmap_create()); }

/// Calls `visit(row)` in ascending order until it returns false. Returns false if that happened.
template <typename Visit>
bool visit_bitmap(const roaring_bitmap_t* bitmap, const Visit& visit) {
  const auto call = [](std::uint32_t row, void* context) { return (*static_cast<const Visit*>(context))(row); };
  return roaring_iterate(bitmap, call, const_cast<Visit*>(&visit));
}

/// Memory of a bitmap: its containers with what each of them and the bitmap take beside the rows.
inline std::uint64_t bitmap_bytes(const roaring_bitmap_t* bitmap) {
  constexpr std::uint64_t kPerContainer = 16 + sizeof(void*) + 3;  // its struct; pointer, key and type in the bitmap
  roaring_statistics_t statistics;
  roaring_bitmap_statistics(bitmap, &statistics);
  return sizeof(roaring_bitmap_t) + statistics.n_containers * kPerContainer +
         std::uint64_t{statistics.n_bytes_array_containers} + statistics.n_bytes_run_containers +
         statistics.n_bytes_bitset_containers;
}

}  // namespace freshet::store

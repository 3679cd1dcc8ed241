// SPDX-License-Identifier: Apache-2.0
#include "online/parts/session_table.h"

#include <algorithm>

#include "base/check.h"

namespace freshet::online {

void SessionTable::write(std::size_t slot, const IndexedSession& session, const ItemIndex* items) {
  FRESHET_CHECK(session.count <= kMaxItems);
  used_slots_ = std::max(used_slots_, slot + 1);
  Line& line = lines_[slot];
  const std::uint64_t sizes = line[kSizes].load(std::memory_order_relaxed);
  std::uint32_t block = high(sizes);
  const bool was_long = low(sizes) > kItemsInLine, is_long = session.count > kItemsInLine;
  if (is_long && !was_long) {
    if (free_blocks_.empty()) free_blocks_.push_back(used_blocks_++);
    block = free_blocks_.back();
    free_blocks_.pop_back();
  }
  if (was_long && !is_long) free_blocks_.push_back(block);

  std::array<ItemIndex, kItemsInLine> first;
  first.fill(kNoItem);
  std::copy_n(items, std::min<std::size_t>(session.count, kItemsInLine), first.begin());
  const std::uint32_t version = low(line[kVersion].load(std::memory_order_relaxed));
  line[kVersion].store(both(version + 1, session.number), std::memory_order_relaxed);
  line[kKey].store(static_cast<std::uint64_t>(session.key), std::memory_order_release);
  line[kTime].store(static_cast<std::uint64_t>(session.time_ms), std::memory_order_release);
  line[kSizes].store(both(session.count, block), std::memory_order_release);
  for (std::size_t i = 0; i < kItemsInLine; i += 2) {
    std::uint64_t two = 0;
    std::memcpy(&two, first.data() + i, sizeof two);
    line[kItems + i / 2].store(two, std::memory_order_release);
  }
  for (std::size_t i = kItemsInLine; i < session.count; ++i) {
    blocks_[block][i - kItemsInLine].store(items[i], std::memory_order_release);
  }
  line[kVersion].store(both(version + 2, session.number), std::memory_order_release);
}

void SessionTable::prefetch_rest(std::size_t slot) const {
  const std::uint64_t sizes = lines_[slot][kSizes].load(std::memory_order_relaxed);
  if (low(sizes) <= kItemsInLine) return;
  constexpr std::size_t kItemsPerCacheLine = 64 / sizeof(ItemIndex);
  for (std::size_t i = kItemsInLine; i < low(sizes); i += kItemsPerCacheLine) {
    __builtin_prefetch(&blocks_[high(sizes)][i - kItemsInLine]);
  }
}

void SessionTable::read_rest(std::uint32_t block, std::uint32_t count, ItemIndex* items) const {
  for (std::size_t i = kItemsInLine; i < count; ++i) {
    items[i] = blocks_[block][i - kItemsInLine].load(std::memory_order_acquire);
  }
}

}  // namespace freshet::online

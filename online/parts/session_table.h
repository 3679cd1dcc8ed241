// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "online/containers/huge_array.h"
#include "online/part/context.h"

namespace freshet::online {

/// What a SessionTable holds of a session besides its items.
struct IndexedSession {
  OwnerKey key = kNobody;
  std::int64_t time_ms = 0;
  std::uint32_t number = 0;
  std::uint32_t count = 0;  ///< number of items
};

/// Sessions in slots, for random reads without a lock. A session of up to kItemsInLine items, as most are, is one cache
/// line; further items are in a block elsewhere.
/// Threads: one thread writes, any read. A sequence lock (Boehm, "Can seqlocks get along with programming language
///          memory models?", MSPC 2012) per slot.
/// Cost:    read() and write() copy the session; 64 bytes per slot, 224 more for a long session.
class SessionTable {
 public:
  static constexpr std::size_t kItemsInLine = 8;
  static constexpr std::size_t kMaxItems = 64;

  explicit SessionTable(std::size_t slots) : lines_(slots), blocks_(slots) {}

  /// Copies the slot's session; false if the slot is empty or is being written at this moment. `items` has room for
  /// kMaxItems; for a short session kItemsInLine are written, kNoItem after its last item.
  bool read(std::size_t slot, IndexedSession& session, ItemIndex* items) const {
    const Line& line = lines_[slot];
    const std::uint64_t version = line[kVersion].load(std::memory_order_acquire);
    const std::uint64_t sizes = line[kSizes].load(std::memory_order_acquire);
    session.number = high(version);
    session.count = low(sizes);
    session.key = OwnerKey{line[kKey].load(std::memory_order_acquire)};
    session.time_ms = static_cast<std::int64_t>(line[kTime].load(std::memory_order_acquire));
    for (std::size_t i = 0; i < kItemsInLine; i += 2) {
      const std::uint64_t two = line[kItems + i / 2].load(std::memory_order_acquire);
      std::memcpy(items + i, &two, sizeof two);
    }
    if (session.count > kItemsInLine) read_rest(high(sizes), session.count, items);
    return session.key != kNobody && version % 2 == 0 && line[kVersion].load(std::memory_order_relaxed) == version;
  }

  /// Replaces the slot's session.
  void write(std::size_t slot, const IndexedSession& session, const ItemIndex* items);
  void clear(std::size_t slot) { write(slot, {}, nullptr); }

  /// Prefetches what read() needs: prefetch() the line, prefetch_rest(), once the line has arrived, the block of a long
  /// session.
  void prefetch(std::size_t slot) const { __builtin_prefetch(&lines_[slot]); }
  void prefetch_rest(std::size_t slot) const;

  /// Calls f(slot, session, items) for each session, in the order of slots. For the writing thread; f may write.
  template <typename F>
  void for_each(F&& f) const {
    IndexedSession session;
    std::array<ItemIndex, kMaxItems> items{};
    for (std::size_t slot = 0; slot < used_slots_; ++slot) {
      if (read(slot, session, items.data())) f(slot, session, std::span(items.data(), session.count));
    }
  }

  /// For the writing thread.
  std::size_t memory_bytes() const { return used_slots_ * sizeof(Line) + used_blocks_ * sizeof(Block); }

 private:
  // The words of a line. A reader's loads acquire and the writer's stores release, so words read between two equal even
  // versions are of one write, without a fence.
  enum Word : std::size_t {
    kVersion,  // low: counts writes, odd during one; high: the session's number
    kKey,      // 0: the slot is empty
    kTime,
    kSizes,  // low: number of items; high: the block of those that do not fit into the line
    kItems   // two in each
  };
  using Line = std::array<std::atomic<std::uint64_t>, kItems + kItemsInLine / 2>;
  using Block = std::array<std::atomic<ItemIndex>, kMaxItems - kItemsInLine>;
  static_assert(sizeof(Line) == 64);

  static std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
  static std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
  static std::uint64_t both(std::uint32_t low, std::uint32_t high) { return std::uint64_t{high} << 32 | low; }

  void read_rest(std::uint32_t block, std::uint32_t count, ItemIndex* items) const;

  HugeArray<Line> lines_;
  HugeArray<Block> blocks_;  // a block may have been reused when it is read: then the version has changed

  // writing thread only
  std::vector<std::uint32_t> free_blocks_;
  std::uint32_t used_blocks_ = 0;  // blocks ever used are below this
  std::size_t used_slots_ = 0;     // slots ever used are below this
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "online/part/context.h"

namespace freshet::online {

/// Counts how often each item occurs among the newest kEvents events. The parts that learn vectors sample negatives
/// from this distribution, and use it as the prior of an item.
/// Threads: learner thread only.
/// Cost:    add(), draw(), share(): O(1); forget(): a pass over the events if the item occurs among them.
class RecentItems {
 public:
  static constexpr std::size_t kEvents = 50'000;

  void add(ItemIndex item) {
    if (counts_.size() <= item) counts_.resize(item + std::size_t{1});
    ++counts_[item];
    if (ring_.size() < kEvents) {
      ring_.push_back(item);
      return;
    }
    if (ring_[next_] != kNoItem) --counts_[ring_[next_]];
    ring_[next_] = item;
    next_ = (next_ + 1) % kEvents;
  }

  /// Draws one of those events at random. Returns its item; kNoItem if that item was forgotten.
  /// REQUIRES: add() was called before
  ItemIndex draw(Random& random) const { return ring_[random.below(ring_.size())]; }

  /// The item's share of those events, smoothed: never 0.
  double share(ItemIndex item) const {
    const double count = item < counts_.size() ? counts_[item] : 0;
    return (count + 0.5) / (static_cast<double>(ring_.size()) + 0.5 * static_cast<double>(counts_.size()) + 1);
  }

  void forget(ItemIndex item) {
    if (item >= counts_.size() || counts_[item] == 0) return;
    std::ranges::replace(ring_, item, kNoItem);
    counts_[item] = 0;
  }

  void save(ByteWriter& out) const {
    out.array(std::span<const ItemIndex>(ring_));
    out.varint(next_);
    out.array(std::span<const std::uint32_t>(counts_));
  }

  /// False if the bytes are not a saved state.
  bool load(ByteReader& in, std::size_t max_items) {
    ring_ = in.array<ItemIndex>();
    next_ = in.varint();
    counts_ = in.array<std::uint32_t>();
    return in.ok() && ring_.size() <= kEvents && next_ < kEvents && counts_.size() <= max_items &&
           std::ranges::all_of(ring_, [&](ItemIndex item) { return item == kNoItem || item < counts_.size(); });
  }

  std::size_t memory_bytes() const { return ring_.capacity() * 4 + counts_.capacity() * 4; }

 private:
  std::vector<ItemIndex> ring_;
  std::size_t next_ = 0;
  std::vector<std::uint32_t> counts_;  // by item
};

}  // namespace freshet::online

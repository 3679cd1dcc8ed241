// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace freshet::online {

/// A sorted sequence of distinct values, in blocks, so that a change moves the values of one block only. `Before` is a
/// strict total order.
/// Threads: one at a time.
/// Cost:    insert(), erase(): two binary searches, and some hundred values are moved; sizeof(T) to 2 sizeof(T) bytes
///          per value.
template <typename T, typename Before>
class SortedBlocks {
 public:
  static constexpr std::size_t kBlock = 512;

  /// REQUIRES: `value` is not in the sequence
  void insert(const T& value) {
    ++size_;
    if (blocks_.empty()) {
      blocks_.push_back({value});
      return;
    }
    std::size_t b = std::min(block_of(value), blocks_.size() - 1);
    if (blocks_[b].size() == kBlock) {
      split(b);
      if (Before{}(blocks_[b].back(), value)) ++b;
    }
    Block& block = blocks_[b];
    block.insert(std::ranges::upper_bound(block, value, Before{}), value);
  }

  /// REQUIRES: `value` is in the sequence
  void erase(const T& value) {
    const std::size_t b = block_of(value);
    Block& block = blocks_[b];
    block.erase(std::ranges::lower_bound(block, value, Before{}));
    if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(b));
    --size_;
  }

  /// Takes `values` in place of what it has.
  void assign(std::vector<T> values) {
    std::ranges::sort(values, Before{});
    blocks_.clear();
    for (auto rest = values.begin(); rest != values.end();) {
      const auto end = rest + std::min<std::ptrdiff_t>(kBlock / 2, values.end() - rest);
      blocks_.emplace_back(rest, end);
      rest = end;
    }
    size_ = values.size();
  }

  /// Calls visit(value) for the values after `place`, which need not be one of them, in order until it returns false.
  template <typename Visit>
  void visit_after(const T& place, Visit visit) const {
    std::size_t b = block_of(place);
    if (b == blocks_.size()) return;
    auto value = std::ranges::upper_bound(blocks_[b], place, Before{});
    while (true) {
      for (; value != blocks_[b].end(); ++value) {
        if (!visit(*value)) return;
      }
      if (++b == blocks_.size()) return;
      value = blocks_[b].begin();  // of this one all are after `place`
    }
  }

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const {
    std::size_t bytes = blocks_.capacity() * sizeof(Block);
    for (const Block& block : blocks_) bytes += block.capacity() * sizeof(T);
    return bytes;
  }

 private:
  using Block = std::vector<T>;

  /// The first block whose last value is not before `value`: the only one that may have it.
  std::size_t block_of(const T& value) const {
    const auto block =
        std::ranges::lower_bound(blocks_, value, Before{}, [](const Block& b) -> const T& { return b.back(); });
    return static_cast<std::size_t>(block - blocks_.begin());
  }

  void split(std::size_t b) {
    Block& block = blocks_[b];
    Block upper(block.begin() + kBlock / 2, block.end());
    block.resize(kBlock / 2);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(b) + 1, std::move(upper));
  }

  std::vector<Block> blocks_;  // none is empty
  std::size_t size_ = 0;
};

}  // namespace freshet::online

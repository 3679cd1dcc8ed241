// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/sorted_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace freshet::store {
namespace {

constexpr std::size_t kBlock = 128;

/// Where (number, row) is in the block, or belongs.
template <typename Block>
std::size_t place_in(const Block& block, double number, CatalogueRow row) {
  std::size_t first = 0, last = block.rows.size();
  while (first < last) {
    const std::size_t middle = (first + last) / 2;
    if (std::pair(block.numbers[middle], block.rows[middle]) < std::pair(number, row)) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

template <typename Vector>
auto at(Vector& vector, std::size_t place) {
  return vector.begin() + static_cast<std::ptrdiff_t>(place);
}

}  // namespace

std::size_t SortedRows::block_of(double number, CatalogueRow row) const {
  const auto after = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return std::pair(block.numbers.front(), block.rows.front()) <= std::pair(number, row);
  });
  return after == blocks_.begin() ? 0 : static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

std::size_t SortedRows::first_block(const NumberRange& range) const {
  const auto after = std::partition_point(blocks_.begin(), blocks_.end(),
                                          [&](const Block& block) { return range.before(block.numbers.back()); });
  return static_cast<std::size_t>(after - blocks_.begin());
}

void SortedRows::insert(double number, CatalogueRow row) {
  std::size_t b = 0;
  if (blocks_.empty()) {
    blocks_.emplace_back();
  } else {
    b = block_of(number, row);
  }
  if (blocks_[b].rows.size() == kBlock) {
    const bool appends = b + 1 == blocks_.size() && place_in(blocks_[b], number, row) == kBlock;
    if (appends) {
      blocks_.emplace_back();  // ascending numbers, such as times, fill their blocks
      ++b;
    } else {
      split(b);
      b = block_of(number, row);
    }
  }
  Block& block = blocks_[b];
  const std::size_t place = place_in(block, number, row);
  block.numbers.insert(at(block.numbers, place), number);
  block.rows.insert(at(block.rows, place), row);
  ++size_;
}

void SortedRows::split(std::size_t b) {
  Block upper;
  upper.numbers.assign(at(blocks_[b].numbers, kBlock / 2), blocks_[b].numbers.end());
  blocks_[b].numbers.resize(kBlock / 2);
  upper.rows.assign(at(blocks_[b].rows, kBlock / 2), blocks_[b].rows.end());
  blocks_[b].rows.resize(kBlock / 2);
  blocks_.insert(at(blocks_, b + 1), std::move(upper));
}

void SortedRows::erase(double number, CatalogueRow row) {
  if (blocks_.empty()) return;
  const std::size_t b = block_of(number, row);
  Block& block = blocks_[b];
  const std::size_t place = place_in(block, number, row);
  if (place == block.rows.size() || block.rows[place] != row || block.numbers[place] != number) return;
  block.numbers.erase(at(block.numbers, place));
  block.rows.erase(at(block.rows, place));
  --size_;
  if (block.rows.empty()) {
    blocks_.erase(at(blocks_, b));
  } else if (block.rows.size() < kBlock / 4) {
    if (b + 1 < blocks_.size())
      merge(b);
    else if (b > 0)
      merge(b - 1);
  }
}

/// Joins a block with the next one if both are small.
void SortedRows::merge(std::size_t b) {
  Block& into = blocks_[b];
  const Block& from = blocks_[b + 1];
  if (into.rows.size() + from.rows.size() > kBlock / 2) return;
  into.numbers.insert(into.numbers.end(), from.numbers.begin(), from.numbers.end());
  into.rows.insert(into.rows.end(), from.rows.begin(), from.rows.end());
  blocks_.erase(at(blocks_, b + 1));
}

std::uint64_t SortedRows::count(const NumberRange& range) const {
  const std::size_t first = first_block(range);
  const auto end = std::partition_point(at(blocks_, first), blocks_.end(),
                                        [&](const Block& block) { return !range.after(block.numbers.front()); });
  const auto last = static_cast<std::size_t>(end - blocks_.begin());
  if (first == last) return 0;
  std::uint64_t count = 0;
  for (std::size_t b = first; b < last; ++b) count += blocks_[b].rows.size();
  const auto& begins = blocks_[first].numbers;
  const auto& ends = blocks_[last - 1].numbers;
  const auto before = std::partition_point(begins.begin(), begins.end(), [&](double n) { return range.before(n); });
  const auto after = std::partition_point(ends.begin(), ends.end(), [&](double n) { return !range.after(n); });
  // Of an empty range within one block, both may be the same rows.
  const auto outside = static_cast<std::uint64_t>(before - begins.begin() + (ends.end() - after));
  return count - std::min(count, outside);
}

std::uint64_t SortedRows::memory_bytes() const {
  std::uint64_t bytes = blocks_.capacity() * sizeof(Block);
  for (const Block& block : blocks_) {
    bytes += block.numbers.capacity() * sizeof(double) + block.rows.capacity() * sizeof(CatalogueRow);
  }
  return bytes;
}

}  // namespace freshet::store

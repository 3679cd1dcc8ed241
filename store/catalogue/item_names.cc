// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/item_names.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/sip_hash.h"

namespace freshet::store {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
constexpr std::size_t kFirstSlots = 16;
constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

CatalogueRow row_of(std::uint64_t slot) { return static_cast<CatalogueRow>(slot); }
std::uint64_t tag_of(std::uint64_t slot) { return slot >> 32; }

}  // namespace

CatalogueRow ItemNames::find(std::string_view name) const {
  const std::uint64_t hash = TextHash{}(name);
  const Shard& shard = shards_[hash >> (64 - kShardBits)];
  if (shard.slots.empty()) return kNoRow;
  const std::size_t mask = shard.slots.size() - 1;
  const std::uint64_t tag = hash & 0xFFFFFFFF;
  for (std::size_t i = tag & mask;; i = (i + 1) & mask) {
    const std::uint64_t slot = shard.slots[i];
    if (slot == kEmpty) return kNoRow;
    if (tag_of(slot) == tag && this->name(row_of(slot)) == name) return row_of(slot);
  }
}

CatalogueRow ItemNames::add(std::string_view name) {
  if (const CatalogueRow known = find(name); known != kNoRow) return known;
  const auto row = static_cast<CatalogueRow>(size_);
  names_.at(row) = store(name);
  const std::uint64_t hash = TextHash{}(name);
  Shard& shard = shards_[hash >> (64 - kShardBits)];
  if (shard.used * 10 >= shard.slots.size() * 7) grow(shard);
  insert(shard, hash << 32 | row);
  ++shard.used;
  ++size_;
  return row;
}

void ItemNames::insert(Shard& shard, std::uint64_t slot) {
  const std::size_t mask = shard.slots.size() - 1;
  std::size_t i = tag_of(slot) & mask;
  while (shard.slots[i] != kEmpty) i = (i + 1) & mask;
  shard.slots[i] = slot;
}

void ItemNames::grow(Shard& shard) {
  const std::size_t size = shard.slots.empty() ? kFirstSlots : 2 * shard.slots.size();
  const auto before = std::exchange(shard.slots, std::vector<std::uint64_t>(size, kEmpty));
  for (const std::uint64_t slot : before) {
    if (slot != kEmpty) insert(shard, slot);
  }
}

const char* ItemNames::store(std::string_view name) {
  const auto length = static_cast<std::uint16_t>(name.size());
  FRESHET_CHECK(length == name.size() && length + sizeof length <= kBlockBytes);
  const std::size_t bytes = sizeof length + name.size();
  if (bytes > block_left_) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    block_left_ = kBlockBytes;
  }
  char* at = blocks_.back().get() + (kBlockBytes - block_left_);
  block_left_ -= bytes;
  std::memcpy(at, &length, sizeof length);
  std::memcpy(at + sizeof length, name.data(), name.size());
  return at;
}

std::string_view ItemNames::name(CatalogueRow row) const {
  const char* at = names_.get(row);
  std::uint16_t length = 0;
  std::memcpy(&length, at, sizeof length);
  return {at + sizeof length, length};
}

std::size_t ItemNames::memory_bytes() const {
  std::size_t bytes = names_.memory_bytes() + blocks_.size() * kBlockBytes;
  for (const Shard& shard : shards_) bytes += shard.slots.capacity() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace freshet::store

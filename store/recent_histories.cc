// SPDX-License-Identifier: Apache-2.0
#include "store/recent_histories.h"

#include <utility>

#include "base/bytes.h"
#include "store/codec/key_codec.h"

namespace freshet::store {
namespace {

std::string encode_row(const HistoryRow& row) {
  std::string bytes;
  bytes.reserve(row.suffix.size() + sizeof(std::uint32_t) + row.value.size());
  bytes += row.suffix;
  ByteWriter(bytes).fixed(static_cast<std::uint32_t>(row.value.size()));
  bytes += row.value;
  return bytes;
}

}  // namespace

HistoryRow HistoryRows::take(std::string_view& bytes) {
  ByteReader in(bytes);
  HistoryRow row;
  row.suffix = in.take(kHistorySuffixBytes);
  row.value = in.take(in.fixed<std::uint32_t>());
  bytes.remove_prefix(bytes.size() - in.remaining());
  return row;
}

void HistoryRows::append(const HistoryRow& row) {
  bytes_ += encode_row(row);
  ++size_;
}

void HistoryRows::put(const HistoryRow& row) {
  std::string_view rest = bytes_;
  std::size_t begin = 0;  // of the row to replace; begin == end if there is none
  std::size_t end = 0;
  while (!rest.empty()) {
    const auto order = take(rest).suffix.compare(row.suffix);
    if (order > 0) break;
    end = bytes_.size() - rest.size();
    if (order == 0) break;
    begin = end;
  }
  if (begin == end) ++size_;
  bytes_.replace(begin, end - begin, encode_row(row));
}

std::size_t HistoryRows::bytes_of(std::size_t count) const {
  std::string_view rest = bytes_;
  for (std::size_t i = 0; i < count; ++i) take(rest);
  return bytes_.size() - rest.size();
}

void HistoryRows::truncate(std::size_t count) {
  if (size_ <= count) return;
  bytes_.resize(bytes_of(count));
  size_ = count;
}

HistoryRows HistoryRows::newest(std::size_t count) const {
  if (size_ <= count) return *this;
  HistoryRows rows;
  rows.bytes_.assign(bytes_, 0, bytes_of(count));
  rows.size_ = count;
  return rows;
}

RecentHistories::Lookup RecentHistories::find(std::string_view owner, std::size_t limit) {
  Shard& shard = shard_of(owner);
  const MutexLock lock(shard.mutex);
  Lookup lookup{.rows = std::nullopt, .version = shard.version};
  const Entry* entry = shard.use(owner);
  // If it has fewer rows than its limit, it has all of them.
  if (entry != nullptr && (limit <= entry->limit || entry->rows.size() < entry->limit)) {
    lookup.rows = entry->rows.newest(limit);
  }
  return lookup;
}

void RecentHistories::insert(std::string_view owner, std::size_t limit, HistoryRows rows, std::uint64_t version) {
  Shard& shard = shard_of(owner);
  const MutexLock lock(shard.mutex);
  if (shard.version != version) return;
  shard.forget(owner);
  shard.entries.push_front({std::string(owner), limit, std::move(rows)});
  const auto entry = shard.entries.begin();
  shard.of.emplace(entry->owner, entry);
  shard.bytes += entry->bytes();
  if (entry->bytes() > max_shard_bytes_) return shard.forget(owner);  // instead of evicting all others
  shard.shrink_to(max_shard_bytes_);
}

void RecentHistories::put(std::string_view owner, const HistoryRow& row) {
  Shard& shard = shard_of(owner);
  const MutexLock lock(shard.mutex);
  ++shard.version;
  Entry* entry = shard.use(owner);
  if (entry == nullptr) return;  // not cached: a single row would look like the whole history
  shard.bytes -= entry->bytes();
  entry->rows.put(row);
  entry->rows.truncate(entry->limit);
  shard.bytes += entry->bytes();
  shard.shrink_to(max_shard_bytes_);
}

void RecentHistories::drop(std::string_view owner) {
  Shard& shard = shard_of(owner);
  const MutexLock lock(shard.mutex);
  ++shard.version;
  shard.forget(owner);
}

void RecentHistories::clear() {
  for (Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    ++shard.version;
    shard.shrink_to(0);
  }
}

std::size_t RecentHistories::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

std::size_t RecentHistories::Entry::bytes() const {
  constexpr std::size_t kNodes = 192;  // nodes of list and map, with the allocator's overhead
  return kNodes + owner.capacity() + rows.allocated();
}

RecentHistories::Entry* RecentHistories::Shard::use(std::string_view owner) {
  const auto found = of.find(owner);
  if (found == of.end()) return nullptr;
  entries.splice(entries.begin(), entries, found->second);
  return &entries.front();
}

void RecentHistories::Shard::forget(std::string_view owner) {
  const auto found = of.find(owner);
  if (found == of.end()) return;
  const auto entry = found->second;
  bytes -= entry->bytes();
  of.erase(found);  // its key is the entry's
  entries.erase(entry);
}

void RecentHistories::Shard::shrink_to(std::size_t max_bytes) {
  while (bytes > max_bytes) forget(entries.back().owner);
}

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_cache.h"

#include <utility>

namespace freshet::store {

std::uint64_t FilterCache::Entry::bytes() const {
  constexpr std::uint64_t kOfContainers = 128;  // nodes of the list and of the table
  return kOfContainers + text.capacity() + filter->memory_bytes();
}

SharedItemFilter FilterCache::find(std::string_view text) {
  const MutexLock lock(mutex_);
  const auto known = by_text_.find(text);
  if (known == by_text_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, known->second);
  return known->second->filter;
}

void FilterCache::keep(std::string_view text, const SharedItemFilter& filter) {
  Entry entry{std::string(text), filter};
  constexpr std::uint64_t kShare = 8;  // one filter with thousands of values does not drive out all others
  if (entry.bytes() > max_bytes_ / kShare) return;
  const MutexLock lock(mutex_);
  if (by_text_.contains(text)) return;
  entries_.push_front(std::move(entry));
  by_text_.emplace(entries_.front().text, entries_.begin());
  bytes_ += entries_.front().bytes();
  while (bytes_ > max_bytes_) {
    bytes_ -= entries_.back().bytes();
    by_text_.erase(entries_.back().text);
    entries_.pop_back();
  }
}

Result<SharedItemFilter> FilterCache::get(std::string_view text) {
  if (auto known = find(text)) return known;
  auto filter = parse_filter(text);
  if (filter) keep(text, *filter);
  return filter;
}

std::uint64_t FilterCache::memory_bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/sip_hash.h"
#include "base/sync.h"
#include "store/catalogue/filter.h"

namespace freshet::store {

/// Parsed filters by their text, the recently used ones: a shop sends few different ones, but each with every request.
/// One that takes more than an eighth of the memory is not kept.
/// Threads: may be used concurrently.
class FilterCache {
 public:
  explicit FilterCache(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// The filter that `text` says (filter.h). Errors: parse_filter()'s; they are not kept.
  Result<SharedItemFilter> get(std::string_view text);

  std::uint64_t memory_bytes() const;

 private:
  struct Entry {
    std::string text;
    SharedItemFilter filter;

    std::uint64_t bytes() const;
  };

  SharedItemFilter find(std::string_view text);
  void keep(std::string_view text, const SharedItemFilter& filter);

  const std::uint64_t max_bytes_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ FRESHET_GUARDED_BY(mutex_);  ///< the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator, TextHash> by_text_ FRESHET_GUARDED_BY(mutex_);
  std::uint64_t bytes_ FRESHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event.h"
#include "base/served_list.h"
#include "base/sip_hash.h"
#include "base/sync.h"

namespace freshet::serve {

/// The lists that this process has served a moment ago, whether they get into the log or not: the log, and the store behind
/// it, follow with a delay, and two lists one after the other are not to repeat.
/// Threads: all methods may be called concurrently.
/// Limits:  kMaxAge, and kMaxItems in all lists together; the oldest lists go first.
/// Cost:    a short lock of one shard.
class RecentlyServed {
 public:
  static constexpr std::chrono::minutes kMaxAge{10};
  static constexpr std::size_t kMaxItems = 200'000;

  explicit RecentlyServed(const Clock& clock) : clock_(clock) {}

  void add(const Owner& owner, Timestamp time, const SharedServedList& list);

  /// Visits the owner's lists that are not older than `oldest`, newest first, until `visit` returns false.
  void visit_since(const Owner& owner, Timestamp oldest, const std::function<bool(const ServedList&)>& visit);

  /// Cost: a scan of a shard.
  void erase(const Owner& owner);

 private:
  struct Served {
    Timestamp time{};
    SharedServedList list;
  };
  struct Place {
    std::string owner;
    std::size_t items;
    Timestamp time{};
  };
  struct alignas(64) Shard {
    Mutex mutex;
    std::size_t items FRESHET_GUARDED_BY(mutex) = 0;
    std::deque<Place> in_order FRESHET_GUARDED_BY(mutex);  // the lists in `of`, oldest first
    boost::unordered_flat_map<std::string, std::deque<Served>, TextHash> of FRESHET_GUARDED_BY(mutex);

    void drop_oldest() FRESHET_REQUIRES(mutex);
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view key) { return shards_[TextHash{}(key) % kShards]; }

  const Clock& clock_;
  std::array<Shard, kShards> shards_;
};

}  // namespace freshet::serve

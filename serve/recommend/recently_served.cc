// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/recently_served.h"

#include <utility>

namespace freshet::serve {
namespace {

std::string key_of(const Owner& owner) { return (owner.kind == Owner::Kind::user ? 'u' : 's') + owner.id; }

}  // namespace

void RecentlyServed::Shard::drop_oldest() {
  const auto own = of.find(in_order.front().owner);
  own->second.pop_front();
  if (own->second.empty()) of.erase(own);
  items -= in_order.front().items;
  in_order.pop_front();
}

void RecentlyServed::add(const Owner& owner, Timestamp time, const SharedServedList& list) {
  std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  shard.of[key].push_back({time, list});
  shard.items += list->entries.size();
  shard.in_order.push_back({std::move(key), list->entries.size(), time});
  const Timestamp oldest = clock_.now() - kMaxAge;
  while (!shard.in_order.empty() && (shard.items > kMaxItems / kShards || shard.in_order.front().time < oldest)) {
    shard.drop_oldest();
  }
}

void RecentlyServed::visit_since(const Owner& owner, Timestamp oldest,
                                 const std::function<bool(const ServedList&)>& visit) {
  const std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto own = shard.of.find(key);
  if (own == shard.of.end()) return;
  for (auto served = own->second.rbegin(); served != own->second.rend(); ++served) {
    if (served->time < oldest || !visit(*served->list)) return;
  }
}

void RecentlyServed::erase(const Owner& owner) {
  const std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  if (shard.of.erase(key) == 0) return;
  std::erase_if(shard.in_order, [&](const Place& place) FRESHET_REQUIRES(shard.mutex) {
    if (place.owner != key) return false;
    shard.items -= place.items;
    return true;
  });
}

}  // namespace freshet::serve

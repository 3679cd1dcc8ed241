#include "serve/recommend/recently_served.h"

#include <utility>

namespace freshet::serve {
namespace {

std::string key_of(const Owner& owner) { return (owner.kind == Owner::Kind::user ? 'u' : 's') + owner.id; }

}  // namespace

void RecentlyServed::Shard::drop_oldest() {
  const Place oldest = std::move(in_order.front());
  in_order.pop_front();
  items -= oldest.list->entries.size();
  const auto own = of.find(oldest.owner);
  if (own == of.end() || &*own->second.front().list != &*oldest.list) return;  // erased since
  own->second.pop_front();
  if (own->second.empty()) of.erase(own);
}

void RecentlyServed::add(const Owner& owner, Timestamp time, const SharedServedList& list) {
  std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  shard.of[key].push_back({time, list});
  shard.items += list->entries.size();
  shard.in_order.push_back({std::move(key), list, time});
  const Timestamp oldest = clock_.now() - kMaxAge;
  while (!shard.in_order.empty() && (shard.items > kMaxItems / kShards || shard.in_order.front().time < oldest)) {
    shard.drop_oldest();
  }
}

void RecentlyServed::visit_since(const Owner& owner, Timestamp oldest,
                                 const std::function<void(const ServedList&)>& visit) {
  const std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto own = shard.of.find(key);
  if (own == shard.of.end()) return;
  for (const Served& served : own->second) {
    if (served.time >= oldest) visit(*served.list);
  }
}

void RecentlyServed::erase(const Owner& owner) {
  const std::string key = key_of(owner);
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  shard.of.erase(key);
}

}  // namespace freshet::serve

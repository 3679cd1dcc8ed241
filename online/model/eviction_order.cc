// SPDX-License-Identifier: Apache-2.0
#include "online/model/eviction_order.h"

#include <algorithm>

namespace freshet::online {
namespace {

/// Of a key that the sender limit does not know: it is new, or has sent nothing for days.
constexpr double kUnknown = 1e-9;

}  // namespace

/// Of the vocabulary, by the bound that it is nearer to.
double EvictionOrder::part_held(const Held& held) const {
  return std::max(held.items / max_items_, static_cast<double>(held.bytes) / max_bytes_);
}

double EvictionOrder::weight_of(std::uint64_t key) const {
  if (limit_ == nullptr) return 1;
  const double part = limit_->part_of(key);
  return part > 0 ? std::max(kLeastPart, part) : kUnknown;
}

bool EvictionOrder::may_hold(std::uint64_t sender, const Held& held, std::size_t name_bytes) const {
  if (held.items < SenderLimit::kTimes) return true;
  const double share = limit_->share_of(sender);
  if (share >= 1) return true;
  Held more = held;
  more.add(name_bytes);
  return part_held(more) <= share;
}

bool EvictionOrder::has_room(const SenderId& sender, std::size_t name_bytes) const {
  if (limit_ == nullptr || !sender.is_known()) return true;
  const auto client = clients_.find(sender.client);
  const auto key = keys_.find(sender.key);
  return (client == clients_.end() || may_hold(sender.client, client->second, name_bytes)) &&
         (key == keys_.end() || may_hold(sender.key, key->second.held, name_bytes));
}

void EvictionOrder::hold(ItemIndex item, std::size_t name_bytes, const SenderId& sender) {
  if (item >= holders_.size()) holders_.resize(item + std::size_t{1});
  holders_[item] = sender;
  Key& key = keys_[sender.key];
  seen_.touch(key.order, item);
  key.held.add(name_bytes);
  if (sender.is_known()) clients_[sender.client].add(name_bytes);
}

void EvictionOrder::release(ItemIndex item, std::size_t name_bytes) {
  const SenderId holder = holders_[item];
  const auto key = keys_.find(holder.key);
  seen_.remove(key->second.order, item);
  key->second.held.take(name_bytes);
  if (key->second.held.items == 0) keys_.erase(key);
  if (!holder.is_known()) return;
  const auto client = clients_.find(holder.client);
  client->second.take(name_bytes);
  if (client->second.items == 0) clients_.erase(client);
}

void EvictionOrder::see(ItemIndex item, std::size_t name_bytes, const SenderId& sender) {
  if (is_listed(item)) listed_.remove(item);
  if (!seen_.contains(item)) return hold(item, name_bytes, sender);
  if (holders_[item] == sender || !has_left(holders_[item].key) || !has_room(sender, name_bytes)) {
    return seen_.touch(keys_.find(holders_[item].key)->second.order, item);
  }
  release(item, name_bytes);
  hold(item, name_bytes, sender);
}

void EvictionOrder::remove(ItemIndex item, std::size_t name_bytes) {
  if (is_listed(item)) return listed_.remove(item);
  release(item, name_bytes);
}

ItemIndex EvictionOrder::next(bool for_an_event) const {
  const Key* most = nullptr;  // for its weight
  double most_held = 0, weights = 0;
  for (const auto& [name, key] : keys_) {
    const double weight = weight_of(name), held = part_held(key.held) / weight;
    weights += weight;
    if (most != nullptr && held <= most_held) continue;
    most = &key;
    most_held = held;
  }
  const bool unfair = keys_.size() > 1 && most_held * weights > 1;
  if (!unfair && listed_.oldest() != LruOrder::kNone) return listed_.oldest();
  return most != nullptr && (unfair || for_an_event) ? most->order.oldest : kNoItem;
}

std::vector<ItemIndex> EvictionOrder::seen() const {
  std::vector<ItemIndex> items;
  for (const auto& [name, key] : keys_) {
    for (ItemIndex item = key.order.oldest; item != LruLists::kNone; item = seen_.after(item)) items.push_back(item);
  }
  return items;
}

std::vector<ItemIndex> EvictionOrder::listed() const {
  std::vector<ItemIndex> items;
  for (ItemIndex item = listed_.oldest(); item != LruOrder::kNone; item = listed_.after(item)) items.push_back(item);
  return items;
}

void EvictionOrder::save_holders(ByteWriter& out) const {
  for (const ItemIndex item : seen()) {
    out.fixed(holders_[item].key);
    if (holders_[item].is_known()) out.fixed(holders_[item].client);
  }
}

bool EvictionOrder::load_holders(ByteReader& in, std::span<const ItemIndex> items, std::span<const std::size_t> bytes) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    SenderId holder{.key = in.fixed<std::uint64_t>()};
    if (holder.is_known()) holder.client = in.fixed<std::uint64_t>();
    if (!in.ok() || holder.key < before) return false;
    before = holder.key;
    release(items[i], bytes[i]);
    hold(items[i], bytes[i], holder);
  }
  return true;
}

std::size_t EvictionOrder::memory_bytes() const {
  constexpr std::size_t kNode = 64;
  return listed_.memory_bytes() + seen_.memory_bytes() + holders_.capacity() * sizeof(SenderId) +
         (keys_.size() + clients_.size()) * kNode;
}

}  // namespace freshet::online

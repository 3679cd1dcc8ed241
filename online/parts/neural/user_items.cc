// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/user_items.h"

#include <algorithm>
#include <span>

namespace freshet::online {

UserItems::UserItems(std::size_t max_users, std::size_t max_items_per_user, std::size_t max_items)
    : max_items_per_user_(max_items_per_user), max_items_(max_items), users_(max_users) {}

void UserItems::append(Items& items, ItemIndex item) const {
  const auto known = std::ranges::find(items, item);
  if (known != items.end()) {
    std::rotate(known, known + 1, items.end());
    return;
  }
  if (items.size() >= max_items_per_user_) items.erase(items.begin());
  items.push_back(item);
}

void UserItems::read(const Context& context, std::vector<ItemIndex>& out) const {
  out.clear();
  users_.read(who(context), [&](const Items& items) { out.assign(items.begin(), items.end()); });
  const std::size_t count = std::min(max_items_per_user_, context.session.size());
  for (const Visit& visit : std::span(context.session).last(count)) append(out, visit.item);
}

void UserItems::leave(const Items& items) {
  for (const ItemIndex item : items) holders_.remove(item);
}

void UserItems::observe(const Interaction& event) {
  const Slot slot = users_.claim(who(event), [this](const Items& items) { leave(items); }).slot;
  const Items& items = users_.at(slot);
  if (std::ranges::find(items, event.item) == items.end()) {
    if (items.size() >= max_items_per_user_) holders_.remove(items.front());
    holders_.add(event.item);
  }
  users_.change(slot, [&](Items& changed) { append(changed, event.item); });
}

void UserItems::forget_item(ItemIndex item) {
  if (holders_.of(item) == 0) return;
  users_.change_matching([item](const Items& items) { return std::ranges::find(items, item) != items.end(); },
                         [item](Items& items) { std::erase(items, item); });
  holders_.clear(item);
}

void UserItems::erase(OwnerKey key) {
  users_.erase(key, [this](const Items& items) { leave(items); });
}

void UserItems::save(ByteWriter& out) const {
  users_.save(out, [&](const Items& items) { out.array(std::span<const ItemIndex>(items)); });
}

bool UserItems::load(ByteReader& in) {
  return users_.load(in, [&](OwnerKey key, Items& items) {
    items = in.array<ItemIndex>();
    const bool possible = items.size() <= max_items_per_user_ && (key != kNobody || items.empty());
    if (!in.ok() || !possible || std::ranges::any_of(items, [&](ItemIndex i) { return i >= max_items_; })) return false;
    for (const ItemIndex item : items) holders_.add(item);
    return true;
  });
}

std::size_t UserItems::memory_bytes() const {
  return users_.memory_bytes([](const Items& items) { return items.capacity() * sizeof(ItemIndex); }) +
         holders_.memory_bytes();
}

}  // namespace freshet::online

#include "online/parts/neural/user_items.h"

#include <algorithm>
#include <mutex>
#include <span>

namespace freshet::online {

UserItems::UserItems(std::size_t max_users, std::size_t max_items_per_user, std::size_t max_items)
    : max_items_per_user_(max_items_per_user), max_items_(max_items), slots_(max_users), users_(max_users) {}

void UserItems::append(std::vector<ItemIndex>& items, ItemIndex item) const {
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
  const std::uint64_t key = who(context);
  const Slot slot = key == 0 ? UserSlots::kNone : slots_.find(key);
  const User* user = slot == UserSlots::kNone ? nullptr : users_.find(slot);
  if (user != nullptr) {
    const std::lock_guard lock(locks_.of(slot));
    if (user->key == key) out.assign(user->items.begin(), user->items.end());  // else given to another meanwhile
  }
  const std::size_t count = std::min(max_items_per_user_, context.session.size());
  for (const Visit& visit : std::span(context.session).last(count)) append(out, visit.item);
}

void UserItems::reset(Slot slot, std::uint64_t key) {
  User& user = users_.at(slot);
  for (const ItemIndex item : user.items) --holders_[item];
  const std::lock_guard lock(locks_.of(slot));
  user.key = key;
  user.items.clear();
}

void UserItems::observe(const Interaction& event) {
  const auto [slot, is_new] = slots_.claim(who(event));
  if (is_new) reset(slot, who(event));
  User& user = users_.at(slot);
  if (std::ranges::find(user.items, event.item) == user.items.end()) {
    if (user.items.size() >= max_items_per_user_) --holders_[user.items.front()];
    hold(event.item);
  }
  const std::lock_guard lock(locks_.of(slot));
  append(user.items, event.item);
}

void UserItems::hold(ItemIndex item) {
  if (holders_.size() <= item) holders_.resize(item + std::size_t{1});
  ++holders_[item];
}

void UserItems::forget_item(ItemIndex item) {
  if (item >= holders_.size() || holders_[item] == 0) return;
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    User& user = users_.at(slot);
    const auto held = std::ranges::find(user.items, item);
    if (held == user.items.end()) continue;
    const std::lock_guard lock(locks_.of(slot));
    user.items.erase(held);
  }
  holders_[item] = 0;
}

void UserItems::erase(std::uint64_t key) {
  const Slot slot = slots_.release(key);
  if (slot != UserSlots::kNone) reset(slot, 0);
}

void UserItems::save(ByteWriter& out) const {
  slots_.save(out);
  for (Slot slot = 0; slot < slots_.size(); ++slot) out.array(std::span<const ItemIndex>(users_.find(slot)->items));
}

bool UserItems::load(ByteReader& in) {
  if (!slots_.load(in)) return false;
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    User& user = users_.at(slot);
    user.key = slots_.key_of(slot);
    user.items = in.array<ItemIndex>();
    const bool possible = user.items.size() <= max_items_per_user_ && (user.key != 0 || user.items.empty());
    if (!in.ok() || !possible || std::ranges::any_of(user.items, [&](ItemIndex i) { return i >= max_items_; })) {
      return false;
    }
    for (const ItemIndex item : user.items) hold(item);
  }
  return true;
}

std::size_t UserItems::memory_bytes() const {
  std::size_t bytes = slots_.memory_bytes() + users_.memory_bytes() + holders_.capacity() * sizeof(std::uint32_t);
  for (Slot slot = 0; slot < slots_.size(); ++slot) bytes += users_.find(slot)->items.capacity() * sizeof(ItemIndex);
  return bytes;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/active_users.h"

#include <algorithm>

#include "base/saved_time.h"

namespace freshet::online {

ActiveUsers::ActiveUsers(std::size_t max_users, std::size_t max_items_per_user, std::size_t max_items)
    : max_items_per_user_(max_items_per_user), max_items_(max_items), users_(max_users) {}

void ActiveUsers::leave(const User& user) {
  for (const Visit& visit : user.visits) holders_.remove(visit.item);
}

ActiveUsers::Slot ActiveUsers::observe(const Interaction& event) {
  const UserSlots::Claim claim = users_.claim(who(event), [this](const User& user) { leave(user); });
  const std::vector<Visit>& visits = users_.at(claim.slot).visits;
  auto out = std::ranges::find(visits, event.item, &Visit::item);
  if (out == visits.end()) {
    holders_.add(event.item);
    if (visits.size() >= max_items_per_user_) {
      out = visits.begin();
      holders_.remove(out->item);
    }
  }
  users_.change(claim.slot, [&](User& user) {
    if (claim.is_new) user.id = event.user;
    if (out != visits.end()) user.visits.erase(out);
    user.visits.push_back({event.item, event.time});
  });
  return claim.slot;
}

void ActiveUsers::forget_item(ItemIndex item) {
  if (holders_.of(item) == 0) return;
  const auto is_of_item = [item](const Visit& visit) { return visit.item == item; };
  users_.change_matching([&](const User& user) { return std::ranges::any_of(user.visits, is_of_item); },
                         [&](User& user) { std::erase_if(user.visits, is_of_item); });
  holders_.clear(item);
}

ActiveUsers::Slot ActiveUsers::erase(OwnerKey key) {
  return users_.erase(key, [this](const User& user) { leave(user); });
}

void ActiveUsers::save(ByteWriter& out) const {
  users_.save(out, [&](const User& user) {
    out.string(user.id);
    out.varint(user.visits.size());
    for (const Visit& visit : user.visits) {
      out.fixed(visit.item);
      out.fixed(to_ms(visit.time));
    }
  });
}

bool ActiveUsers::load(ByteReader& in) {
  return users_.load(in, [&](OwnerKey, User& user) {
    user.id = in.string();
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > max_items_per_user_) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto item = in.fixed<ItemIndex>();
      const auto time = timestamp_from_ms(read_time_ms(in));
      if (!in.ok() || item >= max_items_) return false;
      holders_.add(item);
      user.visits.push_back({item, time});
    }
    return true;
  });
}

std::size_t ActiveUsers::memory_bytes() const {
  static const std::size_t kInPlace = std::string().capacity();
  return users_.memory_bytes([](const User& user) {
    return user.visits.capacity() * sizeof(Visit) + (user.id.capacity() > kInPlace ? user.id.capacity() : 0);
  }) + holders_.memory_bytes();
}

}  // namespace freshet::online

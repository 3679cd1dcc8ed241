// SPDX-License-Identifier: Apache-2.0
#include "online/containers/user_slots.h"

namespace freshet::online {

UserSlots::Slot UserSlots::find(OwnerKey key) const {
  const Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.slot_of.find(key);
  return found == shard.slot_of.end() ? kNone : found->second;
}

void UserSlots::set(OwnerKey key, Slot slot) {
  keys_[slot] = key;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.slot_of.emplace(key, slot);
}

void UserSlots::unset(OwnerKey key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  shard.slot_of.erase(key);
}

UserSlots::Claim UserSlots::claim(OwnerKey key) {
  Claim claim{find(key)};
  if (claim.slot == kNone) {
    claim.is_new = true;
    if (!free_.empty()) {
      claim.slot = free_.back();
      free_.pop_back();
    } else if (keys_.size() < max_users_) {
      claim.slot = static_cast<Slot>(keys_.size());
      keys_.push_back(kNobody);
    } else {
      claim.slot = activity_.oldest();
      unset(keys_[claim.slot]);
    }
    set(key, claim.slot);
  }
  activity_.touch(claim.slot);
  return claim;
}

UserSlots::Slot UserSlots::release(OwnerKey key) {
  const Slot slot = find(key);
  if (slot == kNone) return kNone;
  unset(key);
  keys_[slot] = kNobody;
  free_.push_back(slot);
  return slot;
}

void UserSlots::save(ByteWriter& out) const {
  out.array(std::span<const OwnerKey>(keys_));
  for (Slot slot = activity_.oldest(); slot != kNone; slot = activity_.after(slot)) out.fixed(slot);
  out.array(std::span<const Slot>(free_));
}

bool UserSlots::load(ByteReader& in) {
  const auto keys = in.array<OwnerKey>();
  if (!in.ok() || keys.size() > max_users_) return false;
  keys_.assign(keys.size(), kNobody);
  std::vector<Slot> order(keys.size());
  std::vector<bool> seen(keys.size());
  for (Slot& slot : order) {
    slot = in.fixed<Slot>();
    if (!in.ok() || slot >= keys.size() || seen[slot]) return false;
    seen[slot] = true;
  }
  activity_.restore(order);
  free_ = in.array<Slot>();
  std::size_t unused = 0;
  for (Slot slot = 0; slot < keys.size(); ++slot) {
    if (keys[slot] == kNobody) {
      ++unused;
    } else if (find(keys[slot]) != kNone) {
      return false;
    } else {
      set(keys[slot], slot);
    }
  }
  seen.assign(keys.size(), false);
  for (const Slot slot : free_) {
    if (slot >= keys.size() || keys[slot] != kNobody || seen[slot]) return false;
    seen[slot] = true;
  }
  return in.ok() && free_.size() == unused;
}

std::size_t UserSlots::memory_bytes() const {
  constexpr std::size_t kMapNode = 40;
  return keys_.capacity() * sizeof(OwnerKey) + keys_.size() * kMapNode + free_.capacity() * sizeof(Slot) +
         activity_.memory_bytes();
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "online/containers/item_counts.h"
#include "online/containers/user_table.h"
#include "online/part/context.h"

namespace freshet::online {

/// The most recently active users (who()), each with the id and the newest distinct items.
/// Threads: slot_of() and read() from any, under short locks; everything else learner thread only.
class ActiveUsers {
 public:
  using Slot = UserSlots::Slot;

  struct User {
    std::string id;             ///< empty: anonymous
    std::vector<Visit> visits;  ///< distinct items, newest last
  };

  ActiveUsers(std::size_t max_users, std::size_t max_items_per_user, std::size_t max_items);

  /// UserSlots::kNone if the user is not known.
  Slot slot_of(OwnerKey key) const { return users_.slot_of(key); }
  std::size_t size() const { return users_.size(); }  ///< all slots are below this

  /// Calls read(key, user) under the lock of the slot's user; key is kNobody if the slot is free.
  template <typename Read>
  void read(Slot slot, Read&& read) const {
    users_.read_slot(slot, std::forward<Read>(read));
  }

  /// Makes the event's item the newest of its user. Returns the user's slot.
  Slot observe(const Interaction& event);

  void forget_item(ItemIndex item);
  /// Returns the user's slot, which is free now; UserSlots::kNone for an unknown user.
  Slot erase(OwnerKey key);

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  /// Called with a user who is forgotten.
  void leave(const User& user);

  const std::size_t max_items_per_user_, max_items_;
  UserTable<User> users_;

  // learner thread only
  ItemCounts holders_;  // users whose visits hold the item
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/containers/item_counts.h"
#include "online/containers/user_table.h"
#include "online/parts/neural/sequence_inputs.h"

namespace freshet::online {

/// The newest distinct items of a user, by the key of who(), in all sessions. read() adds those of the current session,
/// as the newest ones. Remembers at most `max_users` users, and forgets the least recently active.
/// Threads: as SequenceInputs; a user's items are copied under their stripe's lock.
/// Cost:    read(): at most n^2 comparisons, n = max_items_per_user.
class UserItems final : public SequenceInputs {
 public:
  UserItems(std::size_t max_users, std::size_t max_items_per_user, std::size_t max_items);

  std::size_t most() const override { return max_items_per_user_; }
  void read(const Context& context, std::vector<ItemIndex>& out) const override;
  void observe(const Interaction& event) override;
  void forget_item(ItemIndex item) override;
  void erase(OwnerKey key) override;
  void save(ByteWriter& out) const override;
  bool load(ByteReader& in) override;
  std::size_t memory_bytes() const override;

 private:
  using Slot = UserSlots::Slot;
  using Items = std::vector<ItemIndex>;  // the newest last

  /// Makes `item` the newest of at most max_items_per_user_.
  void append(Items& items, ItemIndex item) const;
  /// Called with the items of a user who is replaced or erased.
  void leave(const Items& items);

  const std::size_t max_items_per_user_, max_items_;
  UserTable<Items> users_;

  // learner thread only
  ItemCounts holders_;  // by item: number of users who have it
};

}  // namespace freshet::online

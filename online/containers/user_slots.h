// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "online/containers/lru.h"
#include "online/part/context.h"

namespace freshet::online {

/// The key under which user data is kept: the user's, or the session's if the user is anonymous.
inline OwnerKey who(OwnerKey session_key, OwnerKey user_key) { return user_key != kNobody ? user_key : session_key; }
inline OwnerKey who(const Context& context) { return who(context.session_key, context.user_key); }
inline OwnerKey who(const Interaction& event) { return who(event.session_key, event.user_key); }

/// Assigns slots 0 .. max_users - 1 to users; when all are taken, a new user gets the slot of the least recently active
/// one. A user's data is kept elsewhere, by slot, together with the key: a slot may go to another user between find()
/// and the read, so a reader compares the key under the lock that guards the data.
/// Threads: find() from any thread; everything else on the learner thread only.
/// Cost:    O(1).
class UserSlots {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = LruOrder::kNone;

  explicit UserSlots(std::size_t max_users) : max_users_(max_users) {}

  /// The user's slot; kNone if there is none.
  Slot find(OwnerKey key) const;

  struct Claim {
    Slot slot = kNone;
    bool is_new = false;  ///< the slot was free or another user's: the caller replaces the data
  };
  /// Finds or assigns the user's slot, and makes the user the most recently active one.
  Claim claim(OwnerKey key);

  /// Frees the user's slot and returns it; kNone if there was none.
  Slot release(OwnerKey key);

  /// All slots ever assigned are below this.
  std::size_t size() const { return keys_.size(); }
  /// The user of the slot; kNobody if it is free.
  OwnerKey key_of(Slot slot) const { return keys_[slot]; }

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<OwnerKey, Slot> slot_of;  // guarded by mutex
  };
  Shard& shard_of(OwnerKey key) const { return shards_[static_cast<std::uint64_t>(key) % shards_.size()]; }
  void set(OwnerKey key, Slot slot);
  void unset(OwnerKey key);

  const std::size_t max_users_;
  mutable std::array<Shard, 64> shards_;

  // learner thread only
  std::vector<OwnerKey> keys_;  // by slot
  std::vector<Slot> free_;      // stay in activity_: save() writes the order of all slots
  LruOrder activity_;
};

}  // namespace freshet::online

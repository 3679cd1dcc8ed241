// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/bytes.h"
#include "online/containers/chunked_array.h"
#include "online/containers/striped_mutex.h"
#include "online/containers/user_slots.h"

namespace freshet::online {

/// A Value for each user, by who(): the user's key, or the session's if the user is anonymous (user_slots.h). When
/// there are `max_users` of them, a new user replaces the least recently active one.
/// Threads:  slot_of(), read() and read_slot() from any thread, under short locks; everything else learner thread only.
///           The learner is the only writer, and reads without a lock.
/// Cost:     O(1); save(), load() and memory_bytes() visit all users.
template <typename Value>
class UserTable {
 public:
  using Slot = UserSlots::Slot;
  static constexpr Slot kNone = UserSlots::kNone;

  explicit UserTable(std::size_t max_users) : slots_(max_users), users_(max_users) {}

  /// Calls read(value) under the user's lock. Returns false, without calling it, if the user is not known.
  template <typename Read>
  bool read(OwnerKey key, Read&& read) const {
    const Slot slot = slot_of(key);
    const User* user = slot == kNone ? nullptr : users_.find(slot);
    if (user == nullptr) return false;
    const std::lock_guard lock(locks_.of(slot));
    if (user->key != key) return false;  // the slot went to another user meanwhile
    read(user->value);
    return true;
  }

  /// Calls read(key, value) under the slot's lock; key is kNobody if the slot is free. For a slot that was never assigned
  /// it may skip the call.
  template <typename Read>
  void read_slot(Slot slot, Read&& read) const {
    const User* user = users_.find(slot);
    if (user == nullptr) return;
    const std::lock_guard lock(locks_.of(slot));
    read(user->key, user->value);
  }

  /// The user's slot; kNone if the user is not known.
  Slot slot_of(OwnerKey key) const { return key == kNobody ? kNone : slots_.find(key); }

  /// Finds or assigns the user's slot, and makes the user the most recently active one. For a new user, calls
  /// leave(value) with the slot's former value, that of a replaced user or an empty one, and sets it to Value(args...).
  template <typename Leave, typename... Args>
  UserSlots::Claim claim(OwnerKey key, Leave&& leave, Args&&... args) {
    const UserSlots::Claim claim = slots_.claim(key);
    if (claim.is_new) reset(claim.slot, key, leave, Value(std::forward<Args>(args)...));
    return claim;
  }

  /// The value in an assigned slot.
  const Value& at(Slot slot) const { return users_.find(slot)->value; }

  /// Calls change(value) under the slot's lock.
  template <typename Change>
  void change(Slot slot, Change&& change) {
    User& user = users_.at(slot);
    const std::lock_guard lock(locks_.of(slot));
    change(user.value);
  }

  /// Calls change(value) under the lock for each value that matches(value); matches() is called without a lock.
  template <typename Matches, typename Change>
  void change_matching(Matches&& matches, Change&& change) {
    for (Slot slot = 0; slot < size(); ++slot) {
      if (matches(at(slot))) this->change(slot, change);
    }
  }

  /// Forgets the user, after a call of leave(value). Returns the slot, which is free now; kNone for an unknown user.
  template <typename Leave>
  Slot erase(OwnerKey key, Leave&& leave) {
    const Slot slot = slots_.release(key);
    if (slot != kNone) reset(slot, kNobody, leave, Value());
    return slot;
  }

  /// All slots ever assigned are below this.
  Slot size() const { return static_cast<Slot>(slots_.size()); }

  /// Writes the assignment of slots, then calls write(value) for every slot.
  template <typename Write>
  void save(ByteWriter& out, Write&& write) const {
    slots_.save(out);
    for (Slot slot = 0; slot < size(); ++slot) write(at(slot));
  }

  /// REQUIRES: an empty table. Calls read(key, value) for every slot, which returns false if the bytes are not a saved
  /// value. False if the bytes are not a saved state.
  template <typename Read>
  bool load(ByteReader& in, Read&& read) {
    if (!slots_.load(in)) return false;
    for (Slot slot = 0; slot < size(); ++slot) {
      User& user = users_.at(slot);
      const std::lock_guard lock(locks_.of(slot));
      user.key = slots_.key_of(slot);
      if (!read(user.key, user.value) || !in.ok()) return false;
    }
    return in.ok();
  }

  /// `of(value)`: bytes that a value holds beyond sizeof(Value).
  template <typename Of>
  std::size_t memory_bytes(Of&& of) const {
    std::size_t bytes = slots_.memory_bytes() + users_.memory_bytes();
    for (Slot slot = 0; slot < size(); ++slot) bytes += of(at(slot));
    return bytes;
  }

 private:
  struct User {
    OwnerKey key = kNobody;  // kNobody: the slot is free
    Value value;
  };

  template <typename Leave>
  void reset(Slot slot, OwnerKey key, Leave&& leave, Value value) {
    User& user = users_.at(slot);
    leave(user.value);
    const std::lock_guard lock(locks_.of(slot));
    user.key = key;
    user.value = std::move(value);
  }

  UserSlots slots_;
  StripedMutex locks_;
  ChunkedArray<User> users_;  // slot s guarded by locks_.of(s)
};

}  // namespace freshet::online

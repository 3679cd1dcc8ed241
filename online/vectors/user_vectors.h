// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/containers/user_table.h"

namespace freshet::online {

/// A learned vector per user, by the key of who(). Requests read it live, so that a user's click counts for their next
/// request. Trained by Adagrad, per element.
/// Threads:  copy() from any, under a short lock; everything else learner thread only.
class UserVectors {
 public:
  using Slot = UserSlots::Slot;

  UserVectors(std::size_t dimension, std::size_t max_users);

  /// Copies the user's vector. False if the user is not known; `out` is then empty.
  bool copy(OwnerKey key, std::vector<float>& out) const;

  std::size_t dimension() const { return dimension_; }

  /// See UserTable::claim(). A new user's vector is zero.
  UserSlots::Claim claim(OwnerKey key);
  /// UserSlots::kNone if the user is not known.
  Slot find(OwnerKey key) const { return users_.slot_of(key); }
  std::span<const float> vector(Slot slot) const { return {users_.at(slot).data(), dimension_}; }

  void write(Slot slot, std::span<const float> vector);
  /// One Adagrad step.
  void step(Slot slot, std::span<const float> gradient, float rate);

  void erase(OwnerKey key);
  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  using Values = std::vector<float>;  // [2][dimension_]: the vector, then its Adagrad accumulators

  const std::size_t dimension_;
  UserTable<Values> users_;
};

}  // namespace freshet::online

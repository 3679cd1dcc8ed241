#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/containers/chunked_array.h"
#include "online/containers/striped_mutex.h"
#include "online/containers/user_slots.h"

namespace freshet::online {

/// A learned vector per user (who()), live: what a user's newest click has taught is there for the very next request.
/// At most `max_users`; the least recently active is forgotten. Stepped by Adagrad per element.
/// Threads:  copy() from any, under a short lock; everything else learner thread only.
class UserVectors {
 public:
  using Slot = UserSlots::Slot;

  UserVectors(std::size_t dimension, std::size_t max_users);

  /// False if the user is not known; `out` is then empty.
  bool copy(std::uint64_t key, std::vector<float>& out) const;

  std::size_t dimension() const { return dimension_; }

  /// The user's number, from now on that of the most recently active one; a new user's vector is zero.
  UserSlots::Claim claim(std::uint64_t key);
  /// UserSlots::kNone if the user is not known.
  Slot find(std::uint64_t key) const { return slots_.find(key); }
  std::span<const float> vector(Slot slot) const { return {users_.find(slot)->values.data(), dimension_}; }

  void write(Slot slot, std::span<const float> vector);
  void step(Slot slot, std::span<const float> gradient, float rate);

  void erase(std::uint64_t key);
  void save(ByteWriter& out) const;
  /// False if it is no saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct User {
    std::uint64_t key = 0;      // 0: nobody
    std::vector<float> values;  // [2][dimension_]: the vector, then its Adagrad accumulators
  };
  void reset(Slot slot, std::uint64_t key);

  const std::size_t dimension_;
  UserSlots slots_;
  StripedMutex locks_;
  ChunkedArray<User> users_;  // slot s guarded by locks_.of(s); the learner, who alone writes, reads without
};

}  // namespace freshet::online

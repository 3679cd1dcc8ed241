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

/// Who a session is by: the user, or the session itself if they are anonymous. 0: nobody.
inline std::uint64_t who(std::uint64_t session_key, std::uint64_t user_key) {
  return user_key != 0 ? user_key : session_key;
}
inline std::uint64_t who(const Context& context) { return who(context.session_key, context.user_key); }
inline std::uint64_t who(const Interaction& event) { return who(event.session_key, event.user_key); }

/// Numbers 0 .. max - 1 for at most `max` users: the least recently active one gives theirs up. What is kept per user
/// lies elsewhere, by number, with its key beside it: a reader that has found a number checks under the lock of what
/// lies there that it is still this user's.
/// Threads:  find() from any; everything else learner thread only.
/// Cost:     O(1).
class UserSlots {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = LruOrder::kNone;

  explicit UserSlots(std::size_t max_users) : max_users_(max_users) {}

  /// kNone if the user has no number.
  Slot find(std::uint64_t key) const;

  struct Claim {
    Slot slot = kNone;
    bool is_new = false;  ///< it was nobody's or another's: the caller replaces what lies there
  };
  /// The user's number, from now on that of the most recently active one.
  Claim claim(std::uint64_t key);

  /// The number that the user had, now free; kNone if there was none.
  Slot release(std::uint64_t key);

  /// Numbers ever given: all are below.
  std::size_t size() const { return keys_.size(); }
  /// Whose number it is; 0: nobody's.
  std::uint64_t key_of(Slot slot) const { return keys_[slot]; }

  void save(ByteWriter& out) const;
  /// False if it is no saved state.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Slot> slot_of;  // guarded by mutex
  };
  Shard& shard_of(std::uint64_t key) const { return shards_[key % shards_.size()]; }
  void set(std::uint64_t key, Slot slot);
  void unset(std::uint64_t key);

  const std::size_t max_users_;
  mutable std::array<Shard, 64> shards_;

  // learner thread only
  std::vector<std::uint64_t> keys_;  // by slot
  std::vector<Slot> free_;
  LruOrder activity_;
};

}  // namespace freshet::online

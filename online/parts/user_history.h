#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "online/containers/chunked_array.h"
#include "online/containers/striped_mutex.h"
#include "online/containers/user_slots.h"
#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.user_history]: what each option means and takes is in describe().
struct UserHistoryOptions {
  std::size_t max_users = 500'000;
  std::size_t max_items_per_user = 100;

  static std::vector<Option<UserHistoryOptions>> describe();
};

/// "user_history": what this user has come for before, in any session: bought again, read again, never again.
/// Keeps per user the newest max_items_per_user distinct items with count and time; the least recently active user
/// beyond max_users is forgotten. Without a user id the session id stands for the user, without either the session
/// itself. Its own ranking: items by count, less the longer ago.
/// Threads: as Scorer and Part; a user's items are copied under their stripe's lock.
class UserHistoryIndex final : public Scorer {
 public:
  UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items);

  std::string_view name() const override { return "user_history"; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  // learner thread only: see Part
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(std::uint64_t key);
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  using Slot = UserSlots::Slot;

  struct Entry {
    ItemIndex item = kNoItem;
    float count = 0;
    std::int64_t last_ms = 0;
  };
  struct User {
    std::uint64_t key = 0;       // 0: free
    std::vector<Entry> entries;  // the newest last
  };
  class History;  // its Query

  /// Counts a visit of `item` and makes it the newest.
  static void add(std::vector<Entry>& entries, ItemIndex item, std::int64_t time_ms);
  /// The entries of the context's user; for an unknown user, those that the session would have made.
  void find(const Context& context, std::vector<Entry>& entries) const;
  /// Gives the slot to `key` (0: to no user), empty.
  void reset(Slot slot, std::uint64_t key);
  static float own_score(const Entry& entry, std::int64_t now_ms);

  // const after construction
  const UserHistoryOptions options_;
  const std::size_t max_items_;

  UserSlots slots_;
  StripedMutex locks_;
  ChunkedArray<User> users_;  // slot s guarded by locks_.of(s); the learner, who alone writes, reads without

  // learner thread only
  std::vector<std::uint32_t> holders_;  // per item: how many users' entries hold it
};

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items);

extern const PartKind kUserHistory;

}  // namespace freshet::online

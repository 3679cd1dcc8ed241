#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "online/chunked_array.h"
#include "online/lru.h"
#include "online/options.h"
#include "online/part.h"
#include "online/striped_mutex.h"

namespace freshet::online {

/// "user_history": what this user has come for before, in whatever session: bought again, read again, never again.
/// Keeps per user the newest max_items_per_user distinct items with count and time; the least recently active user
/// beyond max_users is forgotten. Without a user id the session id stands for the user.
/// Its own ranking: items by count, less the longer ago.
/// Threads: as Scorer and Part; a user's items are copied under their stripe's lock.
class UserHistoryIndex final : public Scorer {
 public:
  UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items);

  std::string_view name() const override { return "user_history"; }
  std::span<const std::string_view> features() const override;
  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override;
  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override;

  // learner thread only: see Part
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(std::uint64_t key);
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  using Slot = std::uint32_t;

  struct Entry {
    ItemIndex item = kNoItem;
    float count = 0;
    std::int64_t last_ms = 0;
  };
  struct User {
    std::uint64_t key = 0;       // 0: free
    std::vector<Entry> entries;  // the newest last
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Slot> slot_of;
  };

  /// Copies the entries of the context's user; false if nobody is known.
  bool find(const Context& context, std::vector<Entry>& entries) const;
  Slot slot_for(std::uint64_t key);
  void clear(Slot slot);
  Shard& shard_of(std::uint64_t key) const { return shards_[key % shards_.size()]; }
  static float own_score(const Entry& entry, std::int64_t now_ms);

  // const after construction
  const UserHistoryOptions options_;
  const std::size_t max_items_;

  mutable std::array<Shard, 64> shards_;
  StripedMutex locks_;
  ChunkedArray<User> users_;  // slot s guarded by locks_.of(s); the learner, who alone writes, reads without

  // learner thread only
  LruOrder activity_;  // of slots
  std::size_t slots_ = 0;
  std::vector<Slot> free_;
  std::vector<std::uint32_t> holders_;  // per item: how many users' entries hold it
};

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items);

}  // namespace freshet::online

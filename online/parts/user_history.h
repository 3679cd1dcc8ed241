// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "online/containers/item_counts.h"
#include "online/containers/user_table.h"
#include "online/part/part_kind.h"

namespace freshet::online {

/// [online.user_history]: what each option means and takes is in describe().
struct UserHistoryOptions {
  std::size_t max_users = 500'000;
  std::size_t max_items_per_user = 100;

  static std::vector<Option<UserHistoryOptions>> describe();
};

extern const PartKind kUserHistory;

/// "user_history": the items that this user has visited, which people buy again, read again, or never want again.
/// Keeps the newest max_items_per_user distinct items of each user, with count and time. Beyond max_users the least
/// recently active user is forgotten. The session id stands in for a missing user id; without either, the history is
/// the session itself. The part's own score is the count, discounted by the time since the last visit.
/// Threads: as Scorer and Part; a user's items are copied under the lock of the user's stripe.
class UserHistoryIndex final : public Scorer {
 public:
  UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items);

  std::string_view name() const override { return kUserHistory.name; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  // The learner's methods: see Part.
  void observe(const Context& before, const Interaction& event);
  void forget_item(ItemIndex item);
  void erase(OwnerKey key);
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Entry {
    ItemIndex item = kNoItem;
    float count = 0;
    Timestamp last{};
  };
  using Entries = std::vector<Entry>;  // newest last
  class History;                       // its Query

  /// Counts a visit of `item` and makes it the newest.
  static void add(Entries& entries, ItemIndex item, Timestamp time);
  /// The entries of the context's user; of an unknown user, those that observing the session would have made, without
  /// the limit of max_items_per_user.
  void find(const Context& context, Entries& entries) const;
  /// Called with the entries of a user who is forgotten.
  void leave(const Entries& entries);
  static float own_score(const Entry& entry, Timestamp now);

  // const after construction
  const UserHistoryOptions options_;
  const std::size_t max_items_;

  UserTable<Entries> users_;

  // learner thread only
  ItemCounts holders_;  // users whose entries hold the item
};

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items);

}  // namespace freshet::online

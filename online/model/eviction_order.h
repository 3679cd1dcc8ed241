// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "online/containers/lru.h"
#include "online/model/sender_limit.h"
#include "online/part/context.h"

namespace freshet::online {

/// In which order a full vocabulary forgets its items. Names are free to invent, so who sends many of them must not
/// push out the items of the others: room is made at the cost of who has most for its part of the site.
///
/// An item is held by the sender that has seen it first, by a client and by its key: a sighting costs nothing, so it must
/// not move what others have brought to one's own account, where one's made-up names push it out. Once its key has sent
/// nothing for days, whoever sees it next holds it. All senders that are not known are one key. A key has a weight: its part of the site, but at least kLeastPart; next to nothing if it has sent nothing
/// for days. Its fair share is its weight, divided by the sum of those of all keys that hold items. While some key holds
/// more than its fair share, the least recently seen item of the one that holds most for its weight is the next to go.
/// Otherwise go the items that only the catalogue names, in the order in which it named them. If there are none, the
/// first rule holds without its condition. So one key alone has the order of sightings, and a key loses no item to
/// others while it holds less than its fair share.
///
/// A client or key that holds more than SenderLimit::share_of() holds no other item, and may not bring new names.
/// Threads: learner thread only.
/// Cost:    O(1), and O(keys that hold items) for next(). 24 bytes per item.
class EvictionOrder {
 public:
  static constexpr double kLeastPart = 0.25;

  /// `limit`: of senders and their parts; null: every key has the same weight and holds as much as it likes.
  EvictionOrder(std::size_t max_items, std::size_t max_name_bytes, const SenderLimit* limit)
      : max_items_(static_cast<double>(max_items)), max_bytes_(static_cast<double>(max_name_bytes)), limit_(limit) {}

  /// True if `sender` may hold one more item.
  bool has_room(const SenderId& sender, std::size_t name_bytes) const;

  /// The item is seen, for the first time or again.
  /// REQUIRES: `name_bytes` are always those of the item's name
  void see(ItemIndex item, std::size_t name_bytes, const SenderId& sender);

  /// The catalogue names the item.
  /// REQUIRES: it has not been seen
  void list(ItemIndex item) { listed_.touch(item); }

  void remove(ItemIndex item, std::size_t name_bytes);

  bool is_listed(ItemIndex item) const { return listed_.contains(item); }

  /// The next to go; kNoItem if there is none. `for_an_event`: makes room for an item that is seen, not for one that
  /// the catalogue names, which makes only those go that it names as well, and those of a key beyond its fair share.
  ItemIndex next(bool for_an_event) const;

  /// Those that have been seen, key by key, the oldest of each first.
  std::vector<ItemIndex> seen() const;
  /// The others, oldest first.
  std::vector<ItemIndex> listed() const;

  /// Who holds seen().
  void save_holders(ByteWriter& out) const;
  /// REQUIRES: `items` have been seen by nobody who is known
  /// False if it is no saved state. `bytes`: of their names.
  bool load_holders(ByteReader& in, std::span<const ItemIndex> items, std::span<const std::size_t> bytes);

  std::size_t memory_bytes() const;

 private:
  struct Held {
    std::uint32_t items = 0;
    std::uint64_t bytes = 0;

    void add(std::size_t name_bytes) { ++items, bytes += name_bytes; }
    void take(std::size_t name_bytes) { --items, bytes -= name_bytes; }
  };
  struct Key {
    LruLists::List order;
    Held held;
  };

  bool has_left(std::uint64_t key) const { return limit_ != nullptr && limit_->part_of(key) == 0; }
  void hold(ItemIndex item, std::size_t name_bytes, const SenderId& sender);
  void release(ItemIndex item, std::size_t name_bytes);
  double part_held(const Held& held) const;
  double weight_of(std::uint64_t key) const;
  bool may_hold(std::uint64_t sender, const Held& held, std::size_t name_bytes) const;

  const double max_items_, max_bytes_;
  const SenderLimit* const limit_;
  LruOrder listed_;
  LruLists seen_;                                    // of the keys
  std::map<std::uint64_t, Key> keys_;                // that hold items; in an order that a checkpoint need not tell
  std::unordered_map<std::uint64_t, Held> clients_;  // that hold items
  std::vector<SenderId> holders_;                    // by item, of those in seen_
};

}  // namespace freshet::online

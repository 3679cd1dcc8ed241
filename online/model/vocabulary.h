// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/model/sender_limit.h"
#include "online/part/context.h"

namespace freshet::online {

/// Maps item names to dense numbers and back. Bounded by the number of items and by the size of their names: when it is
/// full, items are forgotten, and their numbers go to new ones. Which, depends on who has seen them (eviction_order.h);
/// where one sender is the whole site, first those that only the catalogue names, in the order in which it named them,
/// then the least recently seen.
/// Threads: the learner thread calls admits(), observe(), list(), unlist(), and what saves and loads; the other methods
///          may be called from any thread.
/// Cost:    O(1): a hash lookup under a lock that few names share; name() and first_seen() without hashing.
class Vocabulary {
 public:
  /// `limit`: of senders, in whose order of sightings items are forgotten; null: one order for all. Must outlive the
  /// vocabulary.
  explicit Vocabulary(std::size_t max_items, std::size_t max_name_bytes = SIZE_MAX, const SenderLimit* limit = nullptr);
  ~Vocabulary();

  struct Observed {
    ItemIndex item = kNoItem;
    bool is_new = false;               ///< the name was not in the vocabulary
    std::vector<ItemIndex> forgotten;  ///< to make room for it, `item` perhaps among them: the parts must forget these
  };

  static constexpr std::size_t kMostForgotten = 64;

  /// False if `name` is not in the vocabulary and `sender` may bring no more.
  bool admits(std::string_view name, const SenderId& sender) const;

  /// Looks up `name` or adds it, and makes it the most recently seen, by `sender`.
  /// Limits: forgets at most kMostForgotten items. While names are larger than those before them, all of them together
  ///         may therefore be larger than max_name_bytes, by at most kMaxIdBytes for each kMostForgotten of max_items.
  Observed observe(std::string_view name, Timestamp time, const SenderId& sender = {});

  /// Looks up `name` or adds it, without having seen it: the catalogue names it. Forgets only items that have not been
  /// seen either, and those of a key beyond its fair share; without a result if there are none and there is no room.
  Observed list(std::string_view name, Timestamp time);

  /// The catalogue does not name it any more: forgets it unless it has been seen. Returns what is forgotten, or
  /// kNoItem.
  ItemIndex unlist(std::string_view name);

  /// kNoItem if the name is not in the vocabulary.
  ItemIndex find(std::string_view name) const;

  /// Empty if the number is not in use.
  std::string name(ItemIndex item) const;

  /// Prefetches what name() reads.
  void prefetch(ItemIndex item) const;

  /// Time of the record that added the item; epoch if the number is not in use.
  Timestamp first_seen(ItemIndex item) const;

  /// How often a number has gone to another item, which counts once find() and name() know it.
  std::uint64_t recycled() const;

  std::size_t size() const;  ///< number of items
  /// All numbers in use are below it. Some below it are not in use if names are long; their number may differ after
  /// load().
  std::size_t end() const;
  std::size_t memory_bytes() const;

  /// The items that have been seen, in the order in which they are forgotten, of each key by itself.
  void save(ByteWriter& out) const;
  /// REQUIRES: the vocabulary is empty
  /// Errors:   corrupt.
  Result<void> load(ByteReader& in);
  /// Those that only the catalogue names, and who has seen the others, which states of before 0.3 do not have.
  void save_order(ByteWriter& out) const;
  /// REQUIRES: load()
  /// Errors:   corrupt.
  Result<void> load_order(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online

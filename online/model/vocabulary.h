#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "online/part/context.h"

namespace freshet::online {

/// Maps item names to dense numbers and back. Bounded: when it is full, a new item gets the number of the least
/// recently seen one.
/// Threads: the learner thread calls observe(), save() and load(); the other methods may be called from any thread.
/// Cost:    O(1): a hash lookup under a lock that few names share; name() and first_seen() without hashing.
class Vocabulary {
 public:
  explicit Vocabulary(std::size_t max_items);
  ~Vocabulary();

  struct Observed {
    ItemIndex item = kNoItem;
    bool is_new = false;    ///< the name was not in the vocabulary
    bool recycled = false;  ///< `item` was another item's number until now: the parts must forget that item
  };

  /// Looks up `name` or adds it, and makes it the most recently seen.
  Observed observe(std::string_view name, Timestamp time);

  /// kNoItem if the name is not in the vocabulary.
  ItemIndex find(std::string_view name) const;

  /// Empty if the number is not in use.
  std::string name(ItemIndex item) const;

  /// Prefetches what name() reads.
  void prefetch(ItemIndex item) const;

  /// Time of the event that added the item; epoch if the number is not in use.
  Timestamp first_seen(ItemIndex item) const;

  /// How often a number has gone to another item, which counts once find() and name() know it.
  std::uint64_t recycled() const;

  /// Number of items: numbers in use are 0 .. size() - 1.
  std::size_t size() const;
  std::size_t memory_bytes() const;

  void save(ByteWriter& out) const;
  /// REQUIRES: the vocabulary is empty
  /// Errors:   corrupt.
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online

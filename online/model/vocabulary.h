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

/// Item names <-> dense numbers, bounded: when full, the least recently seen item gives up its number.
/// Threads:  learner thread writes (observe, load); all const methods may be called concurrently with it.
/// Cost:     a hash lookup under a shared lock; name() and first_seen(): O(1).
class Vocabulary {
 public:
  explicit Vocabulary(std::size_t max_items);
  ~Vocabulary();

  struct Observed {
    ItemIndex item = kNoItem;
    bool is_new = false;    ///< first sighting (or first since it was recycled)
    bool recycled = false;  ///< `item` was another item's number until now: parts must forget it first
  };

  /// Looks up or adds `name`, seen at `time`.
  Observed observe(std::string_view name, Timestamp time);

  /// kNoItem if never seen (or recycled since).
  ItemIndex find(std::string_view name) const;

  /// Empty if the number is not in use.
  std::string name(ItemIndex item) const;

  /// Asks the memory for what name() needs.
  void prefetch(ItemIndex item) const;

  Timestamp first_seen(ItemIndex item) const;

  std::size_t size() const;
  std::size_t memory_bytes() const;

  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online

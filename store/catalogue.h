#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "store/database.h"

namespace freshet::store {

/// Items and their attributes. All items are in memory too, decoded, because filters look up hundreds per request.
/// Threads: all methods may be called concurrently; writers are serialized.
/// Errors:  not_found, unavailable (I/O). The constructor throws if it cannot read the stored items, as Database does.
/// Cost:    find(), is_available(): a hash lookup under a shared lock; newest_available(): a search, then its result;
///          put(), erase(), update(): one WriteBatch with an fsync, since items are not in the log.
class Catalogue {
 public:
  explicit Catalogue(Database& database);
  ~Catalogue();

  /// Inserts or replaces items, all or none. Returns how many were inserted.
  Result<std::size_t> put(std::span<const Item> items);
  Result<void> erase(std::string_view item);

  /// Replaces the item by the result of `change`, atomically, and returns it. An error of `change` is returned.
  /// REQUIRES: `change` keeps the item's name and does not write to the catalogue.
  Result<Item> update(std::string_view item, const std::function<Result<Item>(const Item&)>& change);

  /// The item, immutable and shared with the catalogue; null if unknown.
  std::shared_ptr<const Item> find(std::string_view item) const;

  /// False only for an item that is in the catalogue and marked unavailable.
  bool is_available(std::string_view item) const;

  /// How often a change has made an unavailable item available, which counts once is_available() knows it.
  std::uint64_t releases() const;

  /// At most `count` of the available items, newest time first, that come after `after` (null: from the first).
  std::vector<std::shared_ptr<const Item>> newest_available(std::size_t count, const Item* after) const;

  std::size_t size() const;
  std::uint64_t memory_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::store

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

/// Items and their attributes. All items are also kept decoded in memory, because filters ask about hundreds per
/// request.
/// Threads:  all methods may be called concurrently; writers are serialised.
/// Errors:   not_found, unavailable (I/O). The constructor throws if the stored items cannot be read.
/// Cost:     find(): a hash lookup under a shared lock; put(), erase(), update(): one WriteBatch, fsynced, since
///           no log holds it.
class Catalogue {
 public:
  explicit Catalogue(Database& database);
  ~Catalogue();

  /// Inserts or replaces, all or nothing.
  Result<void> put(std::span<const Item> items);
  Result<void> erase(std::string_view item);

  /// Replaces the item by what `change` makes of it, which is returned; no other write comes in between. What `change`
  /// refuses is the error. REQUIRES: `change` keeps the name and does not write to the catalogue.
  Result<Item> update(std::string_view item, const std::function<Result<Item>(const Item&)>& change);

  /// Shared with the catalogue: immutable. Null if unknown.
  std::shared_ptr<const Item> find(std::string_view item) const;

  /// False only for an item that the catalogue knows and marks unavailable.
  bool is_available(std::string_view item) const;

  std::size_t size() const;
  std::uint64_t memory_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::store

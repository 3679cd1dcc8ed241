// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/item.h"
#include "base/result.h"
#include "store/catalogue/catalogue_index.h"
#include "store/catalogue/item_counts.h"
#include "store/database.h"

namespace freshet::store {

/// What the item records of the log say about items: a view of the log, like the histories. HistoryStore::commit() writes
/// it, rows and positions in one write. Memory has what lists need (store/catalogue/), RocksDB the items.
/// A removed item is remembered, also if the catalogue never had it: it is in no list until it is put again or, unless
/// catalogue.strict, until an interaction that arrived after its removal. Removals older than store.max_event_age are
/// forgotten at a start.
/// Threads: all methods may be called concurrently with each other and with commits. Construct it before the first
///          commit, destroy it after the last one.
/// Errors:  unavailable (I/O), corrupt. The constructor throws if it cannot read the stored items, as Database does.
/// Cost:    is_available() of a row: three reads, no lock; by name, row_of(): a hash lookup under a shared lock; find(),
///          page(): RocksDB. Memory as CatalogueIndex says.
class Catalogue {
 public:
  /// Reads all items. `listener` is told of them; it may be null.
  explicit Catalogue(Database& database, const CatalogueOptions& options = {}, CatalogueListener* listener = nullptr);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  /// The item as it is stored; nullopt if it is not in the catalogue.
  Result<std::optional<Item>> find(std::string_view item) const;

  /// The next `limit` items by name after `after`; fewer at the end. An item that comes or goes meanwhile moves no other
  /// between pages.
  Result<std::vector<Item>> page(std::string_view after, std::size_t limit) const;

  /// The same of those that 0.1.0 stored and that are not in the log yet.
  Result<std::vector<Item>> legacy_items(std::string_view after, std::size_t limit) const;

  /// kNoRow: the item was never in the catalogue, and is not removed. Other rows stay right for ever.
  CatalogueRow row_of(std::string_view item) const { return index_.row_of(item); }

  /// REQUIRES: row is of row_of(), or of a listener; read_lock() is held as long as the name is used
  std::string_view name_of(CatalogueRow row) const { return index_.name_of(row); }

  /// True if the item may be in lists: it is not marked unavailable, not removed and, if catalogue.strict, in the
  /// catalogue. REQUIRES: row is of row_of()
  bool is_available(CatalogueRow row) const { return index_.is_available(row); }
  bool is_available(std::string_view item) const;

  /// True if is_available() is true of all items.
  bool excludes_nothing() const { return index_.excludes_nothing(); }

  /// At most `count` of the available items, newest time first, that come after the place `after` (null: from the first).
  std::vector<CatalogueIndex::NewestItem> newest_available(std::size_t count, const NewestItems::Entry* after) const {
    return index_.newest_available(count, after);
  }

  /// While it is held, no item changes, and no listener is called. REQUIRES: this thread does not hold one
  CatalogueLock read_lock() const { return index_.read_lock(); }

  /// As of CatalogueIndex.
  std::uint64_t changes() const { return index_.changes(); }
  std::optional<std::vector<CatalogueRow>> changed_since(std::uint64_t changes) const {
    return index_.changed_since(changes);
  }

  /// Makes changes that are not in the log, with one fsync. Removals are as of `arrival`.
  Result<ItemCounts> apply(std::span<const ItemChange> changes, Timestamp arrival);

  const CatalogueOptions& options() const { return index_.options(); }
  std::size_t size() const { return index_.items(); }
  std::size_t unavailable_items() const { return index_.unavailable(); }
  std::size_t removed_items() const { return index_.removed(); }
  std::size_t memory_bytes() const { return index_.memory_bytes(); }

 private:
  void load();
  template <typename Wanted>
  Result<std::vector<Item>> read_page(std::string_view after, std::size_t limit, Wanted wanted) const;

  Database& database_;
  CatalogueIndex index_;
};

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/event_reader.h"
#include "base/sip_hash.h"
#include "store/catalogue/catalogue_index.h"
#include "store/catalogue/item_counts.h"
#include "store/rocks.h"

namespace freshet::store {

/// What one batch of the log does to the catalogue: rows for the WriteBatch that has the positions too, and then the same
/// in memory. Only the .cc files of this folder include this.
/// A change that the catalogue has (CatalogueIndex::applied()) is passed over, so that a batch which is read again undoes
/// nothing later. Since rows and positions are one write, a crash takes both or none.
/// Threads: one.
/// REQUIRES: db.in_use and db.history_writes are held, until finish()
class CatalogueCommit {
 public:
  /// `batch` outlives it.
  CatalogueCommit(Database::Impl& db, CatalogueIndex& index, const EventBatch& batch);

  /// Call it first: reads the items that patches of the batch change.
  Result<void> read();

  /// The next item record of the batch, in log order.
  void change(const PositionedEvent& record);
  /// The next interaction of the batch: a removed item may come back.
  void visit(const PositionedEvent& interaction);

  /// Adds the rows.
  void write(rocksdb::WriteBatch& out) const;
  /// Call it once they are written.
  void finish();

  const ItemCounts& counts() const { return counts_; }

 private:
  /// An item of the batch as it is after the records so far.
  struct State {
    ItemChangeOutcome outcome;
    Item* own = nullptr;   ///< null, or outcome.item: it is not in the batch, and a patch may change it
    bool known = false;    ///< in the catalogue. Without outcome.item it is as it was before
    bool changed = false;  ///< there is something to write
  };

  bool is_applied(const Position& position) const;
  State& state_of(std::string_view name);
  Item* item_to_patch(State& state);
  void put(State& state, const Item& item);
  void patch(State& state, const ItemChange& change);
  void remove(State& state, const ItemRemoval& removal);
  bool is_full(std::size_t count, std::string_view name) const;

  Database::Impl& db_;
  CatalogueIndex& index_;
  const EventBatch& in_;
  std::deque<State> states_;  // in the order in which the log names them, so that rows are too
  std::unordered_map<std::string_view, State*, TextHash> by_name_;
  std::unordered_map<std::string_view, Item, TextHash> before_;  // items that patches change, as they are stored
  std::deque<Item> patched_;
  std::size_t items_, removed_;  // as they are after the records so far
  ItemCounts counts_;
};

}  // namespace freshet::store

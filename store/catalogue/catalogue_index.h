// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fair_shared_mutex.h"
#include "base/item.h"
#include "base/position.h"
#include "store/catalogue/catalogue_listener.h"
#include "store/catalogue/catalogue_options.h"
#include "store/catalogue/catalogue_row.h"
#include "store/catalogue/item_names.h"
#include "store/catalogue/newest_items.h"
#include "store/catalogue/paged_array.h"
#include "store/codec/records.h"

namespace freshet::store {

/// What is known about an item from now on: it is in the catalogue, or it has been removed, or neither.
struct ItemChangeOutcome {
  std::string_view name;
  const Item* item = nullptr;          ///< null: not in the catalogue
  std::optional<ItemRemoval> removal;  ///< only if `item` is null
};

/// What a reader holds while items must not change.
using CatalogueLock = std::shared_lock<FairSharedMutex>;

/// What lists need to know of each item of the catalogue, in memory: its number and name, whether it may be in a list, and
/// its time. The rest is in RocksDB only.
/// Threads: the methods of readers may be called concurrently with everything. One writer at a time:
///          Database::Impl::history_writes is held.
/// Cost:    about 75 bytes per item with its name. Readers wait for a writer during some items at most, or while a
///          sixty-fourth of a hash table grows.
class CatalogueIndex {
 public:
  /// `listener` may be null.
  CatalogueIndex(const CatalogueOptions& options, CatalogueListener* listener);

  // Readers.

  /// kNoRow if it was never in the catalogue and is not removed.
  CatalogueRow row_of(std::string_view name) const;
  /// REQUIRES: read_lock() is held
  std::string_view name_of(CatalogueRow row) const { return names_.name(row); }
  bool is_available(CatalogueRow row) const {
    return (states_.get(row).load(std::memory_order_relaxed) & judged_) == wanted_;
  }
  bool excludes_nothing() const { return !options_.strict && unavailable_ + removed_ == 0; }

  struct NewestItem {
    NewestItems::Entry place;
    std::string name;
  };
  std::vector<NewestItem> newest_available(std::size_t count, const NewestItems::Entry* after) const;

  std::size_t items() const { return items_; }
  std::size_t unavailable() const { return unavailable_; }
  std::size_t removed() const { return removed_; }
  std::size_t memory_bytes() const;
  /// REQUIRES: this thread does not hold one
  CatalogueLock read_lock() const { return CatalogueLock(mutex_); }
  const CatalogueOptions& options() const { return options_; }

  /// How many changes there have been.
  /// REQUIRES: read_lock() is held
  std::uint64_t changes() const { return changes_; }
  /// The rows that changed after there had been `changes`; nullopt if there are too many to tell.
  /// REQUIRES: read_lock() is held
  std::optional<std::vector<CatalogueRow>> changed_since(std::uint64_t changes) const;

  // The writer.

  /// At the start, in order of the names, and then load_positions().
  void load(const ItemChangeOutcome& stored);
  /// Positions up to which the catalogue has the changes of the log.
  void load_positions(Positions applied);

  bool has(std::string_view name) const;
  std::optional<ItemRemoval> removal_of(std::string_view name) const;
  /// Rows in use, of items that are gone among them.
  std::size_t rows() const { return names_.size(); }
  const Positions& applied() const { return applied_; }

  /// `outcomes` are stored, and with them all changes of the log up to `applied`.
  void apply(std::span<const ItemChangeOutcome> outcomes, Positions applied);

  /// Log that changes are left out, not too often.
  void report_refused(std::size_t count);
  void report_oversized(std::string_view item, const std::string& reason);

 private:
  /// Counts what is logged together.
  class OccasionalReport {
   public:
    /// How many there are to be logged now, `more` of them new; 0: it is too early.
    std::size_t due(std::size_t more);

   private:
    std::chrono::steady_clock::time_point last_{};
    std::size_t count_ = 0;
  };

  enum State : std::uint8_t { kKnown = 1, kUnavailable = 2, kRemoved = 4, kListed = 8 };

  std::uint8_t state_of(CatalogueRow row) const { return states_.get(row).load(std::memory_order_relaxed); }
  bool is_valid(const NewestItems::Entry& entry) const;
  void set(const ItemChangeOutcome& outcome);
  void count(std::uint8_t state, std::size_t change);
  void tidy();

  const CatalogueOptions options_;
  CatalogueListener* const listener_;
  const std::uint8_t judged_, wanted_;  // of the bits `judged_` an available item has `wanted_`

  static constexpr std::size_t kLatest = 1024;

  mutable FairSharedMutex mutex_;  // held by readers of what follows, and by the writer while it changes it
  std::uint64_t changes_ = 0;
  std::array<CatalogueRow, kLatest> latest_{};  // [change % kLatest]: its row
  ItemNames names_;
  PagedArray<std::atomic<std::uint8_t>> states_;  // read without a lock
  PagedArray<Timestamp> times_;
  NewestItems newest_{names_};  // available items; its entry of a row is current if the row is kListed
  std::atomic<std::size_t> items_{0}, unavailable_{0}, removed_{0};

  // The writer's.
  std::unordered_map<CatalogueRow, ItemRemoval> removals_;
  Positions applied_;
  std::optional<std::vector<NewestItems::Entry>> loaded_{std::in_place};  // until load_positions(): those for newest_
  OccasionalReport refused_, oversized_;
};

}  // namespace freshet::store

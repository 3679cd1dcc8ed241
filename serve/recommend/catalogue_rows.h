// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "online/model/vocabulary.h"
#include "store/catalogue.h"

namespace freshet::serve {

/// The rows in the catalogue of the model's items, by number, so that lists ask whether an item is available without its
/// name. A row never changes; all of them are forgotten when a number goes to another item (Vocabulary::recycled()).
/// Threads: all methods may be called concurrently.
/// Cost:    a few atomic reads; 8 bytes per item of `max_items`.
class CatalogueRows {
 public:
  /// Catalogue and vocabulary outlive it.
  CatalogueRows(const store::Catalogue& catalogue, const online::Vocabulary& vocabulary, std::size_t max_items)
      : catalogue_(catalogue),
        vocabulary_(vocabulary),
        found_(std::make_unique<std::atomic<std::uint64_t>[]>(max_items)) {}

  /// A row that was found holds for one epoch.
  using Epoch = std::uint32_t;
  Epoch epoch() const { return static_cast<Epoch>(1 + vocabulary_.recycled()); }

  /// kNoRow if it is not remembered.
  store::CatalogueRow find(online::ItemIndex item, Epoch epoch) const {
    const std::uint64_t found = found_[item].load(std::memory_order_relaxed);
    return found >> 32 == epoch ? static_cast<store::CatalogueRow>(found) : store::kNoRow;
  }

  /// `item` was named, and its row found, after epoch() returned `epoch`.
  void remember(online::ItemIndex item, Epoch epoch, store::CatalogueRow row) {
    found_[item].store(std::uint64_t{epoch} << 32 | row, std::memory_order_relaxed);
  }

  /// False if no item is excluded.
  bool excludes_any() const { return !catalogue_.excludes_nothing(); }

  /// True if the item is remembered, and not available.
  bool excludes(online::ItemIndex item, Epoch epoch) const {
    const store::CatalogueRow row = find(item, epoch);
    return row != store::kNoRow && !catalogue_.is_available(row);
  }

 private:
  const store::Catalogue& catalogue_;
  const online::Vocabulary& vocabulary_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> found_;  // the epoch, then the row, by item; 0: never
};

}  // namespace freshet::serve

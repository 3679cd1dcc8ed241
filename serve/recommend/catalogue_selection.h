// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/item.h"
#include "base/result.h"
#include "serve/recommend/catalogue_rows.h"
#include "serve/recommend/item_selection.h"
#include "serve/services.h"
#include "store/catalogue/bound_filter.h"

namespace freshet::serve {

/// The items that a filter expression matches (docs/catalogue.md), in the catalogue as it is now. Between two items it lets
/// changes of the catalogue in, if it has done much work since: an item that changes meanwhile is judged as it was or as
/// it is.
/// Threads: one. It holds Catalogue::read_lock() but for those moments, so it lives for one list.
/// Cost:    allows(): tens of nanoseconds for an item whose row is remembered, else a look-up by name.
class CatalogueSelection final : public ItemSelection {
 public:
  /// `about`: the item that the list is about, for context.NAME.
  /// `most_work`: what the filter may cost, as FilterWork counts it.
  /// Errors: invalid, if the catalogue is strict: an attribute that no item has.
  static Result<std::shared_ptr<const ItemSelection>> make(const Services& services, CatalogueRows& rows,
                                                           store::SharedItemFilter filter, std::optional<Item> about,
                                                           std::uint64_t most_work);

  bool allows(online::ItemIndex item) const override;
  bool contains(std::string_view item) const override;
  bool is_used_up() const override { return filter_->is_used_up(); }
  std::size_t estimate() const override;
  void enumerate(const std::function<bool(std::string_view item)>& visit) const override;
  std::vector<std::string> doubts() const override { return filter_->unknown_attributes(); }

 private:
  /// What filters ask of an item that columns do not keep: its name from memory, its text from the store.
  class Texts final : public store::CatalogueTexts {
   public:
    explicit Texts(const store::Catalogue& catalogue) : catalogue_(catalogue) {}
    std::string_view item(store::CatalogueRow row) const override { return catalogue_.name_of(row); }
    std::string_view text(store::CatalogueRow row) const override;
    std::optional<store::CatalogueRow> find(std::string_view item) const override;

   private:
    const store::Catalogue& catalogue_;
    mutable Item read_;  // the item whose text was asked for last
  };

  /// Work between two moments in which changes get in: some milliseconds.
  static constexpr std::uint64_t kSlice = 200'000;

  CatalogueSelection(const Services& services, CatalogueRows& rows, std::optional<Item> about);
  const Item* about() const { return about_ ? &*about_ : nullptr; }
  void begin_slice(std::uint64_t work) const;
  void let_changes_in() const;
  Result<std::uint64_t> pause() const;

  const Services& services_;
  CatalogueRows& rows_;
  const std::optional<Item> about_;
  mutable store::CatalogueLock lock_;
  mutable std::uint64_t changes_;        // of the catalogue, when the filter was bound
  mutable std::uint64_t slice_end_ = 0;  // work that is left then; 0: it is the last one
  const CatalogueRows::Epoch epoch_;
  const Texts texts_;
  mutable std::optional<store::BoundFilter> filter_;  // set by make()
  std::size_t others_ = 0;                            // items that are not in the catalogue and may match
};

}  // namespace freshet::serve

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

/// The items that a filter expression matches (docs/catalogue.md), in the catalogue as it is now.
/// Threads: one. No item of the catalogue changes while it lives, so it lives for one list.
/// Cost:    allows(): tens of nanoseconds for an item whose row is remembered, else a look-up by name.
class CatalogueSelection final : public ItemSelection {
 public:
  /// `about`: the item that the list is about, for context.NAME; null if there is none. It may be gone afterwards.
  /// `most_work`: what the filter may cost, as FilterWork counts it.
  /// Errors: invalid, if the catalogue is strict: an attribute that no item has.
  static Result<std::shared_ptr<const ItemSelection>> make(const Services& services, CatalogueRows& rows,
                                                           store::SharedItemFilter filter, const Item* about,
                                                           std::uint64_t most_work);

  bool allows(online::ItemIndex item) const override;
  bool contains(std::string_view item) const override;
  bool is_used_up() const override { return filter_->is_used_up(); }
  std::size_t estimate() const override;
  void enumerate(const std::function<bool(std::string_view item)>& visit) const override;

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

  CatalogueSelection(const Services& services, CatalogueRows& rows);

  const Services& services_;
  CatalogueRows& rows_;
  const store::CatalogueLock lock_;
  const CatalogueRows::Epoch epoch_;
  const Texts texts_;
  std::optional<store::BoundFilter> filter_;  // set by make()
  std::size_t others_ = 0;                    // items that are not in the catalogue and may match
};

}  // namespace freshet::serve

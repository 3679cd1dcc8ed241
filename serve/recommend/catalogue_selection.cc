#include "serve/recommend/catalogue_selection.h"

#include <algorithm>
#include <string>
#include <utility>

namespace freshet::serve {
namespace {

/// True if the filter asks for ids of items: then it may match some that are not in the catalogue.
bool asks_for_ids(const store::FilterNode& node) {
  if (node.comparison != nullptr && node.comparison->field == store::FilterField::item) return true;
  return std::ranges::any_of(node.children, asks_for_ids);
}

}  // namespace

std::optional<store::CatalogueRow> CatalogueSelection::Texts::find(std::string_view item) const {
  const store::CatalogueRow row = catalogue_.row_of(item);
  return row == store::kNoRow ? std::nullopt : std::optional(row);
}

/// An item that cannot be read has no text; the store reports its trouble itself.
std::string_view CatalogueSelection::Texts::text(store::CatalogueRow row) const {
  auto found = catalogue_.find(catalogue_.name_of(row));
  read_ = found && *found ? **std::move(found) : Item();
  return read_.text;
}

CatalogueSelection::CatalogueSelection(const Services& services, CatalogueRows& rows)
    : services_(services),
      rows_(rows),
      lock_(services.catalogue.read_lock()),
      epoch_(rows.epoch()),
      texts_(services.catalogue) {}

Result<std::shared_ptr<const ItemSelection>> CatalogueSelection::make(const Services& services, CatalogueRows& rows,
                                                                      store::SharedItemFilter filter, const Item* about,
                                                                      std::uint64_t most_work) {
  const std::shared_ptr<CatalogueSelection> selection(new CatalogueSelection(services, rows));
  const bool by_id = asks_for_ids(filter->root());
  auto bound =
      store::BoundFilter::bind(std::move(filter), services.columns, selection->texts_,
                               {.item = about, .strict = services.catalogue.options().strict, .most_work = most_work});
  if (!bound) return bound.error();
  selection->filter_ = *std::move(bound);
  if (by_id || selection->filter_->matches_unknown("")) selection->others_ = services.vocabulary.size();
  return std::shared_ptr<const ItemSelection>(selection);
}

bool CatalogueSelection::allows(online::ItemIndex item) const {
  store::CatalogueRow row = rows_.find(item, epoch_);
  if (row != store::kNoRow) return filter_->matches(row);
  const std::string name = services_.vocabulary.name(item);
  row = services_.catalogue.row_of(name);
  if (row == store::kNoRow) return filter_->matches_unknown(name);
  rows_.remember(item, epoch_, row);
  return filter_->matches(row);
}

bool CatalogueSelection::contains(std::string_view item) const {
  const store::CatalogueRow row = services_.catalogue.row_of(item);
  return row == store::kNoRow ? filter_->matches_unknown(item) : filter_->matches(row);
}

std::size_t CatalogueSelection::estimate() const { return others_ > 0 ? kNotOnlyCatalogue : filter_->estimate(); }

void CatalogueSelection::enumerate(const std::function<bool(std::string_view item)>& visit) const {
  bool goes_on = true;
  filter_->enumerate(store::BoundFilter::kAll,
                     [&](store::CatalogueRow row) { goes_on = goes_on && visit(services_.catalogue.name_of(row)); });
}

}  // namespace freshet::serve

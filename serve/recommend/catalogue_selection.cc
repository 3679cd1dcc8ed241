// SPDX-License-Identifier: Apache-2.0
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

CatalogueSelection::CatalogueSelection(const Services& services, CatalogueRows& rows, std::optional<Item> about)
    : services_(services),
      rows_(rows),
      about_(std::move(about)),
      lock_(services.catalogue.read_lock()),
      changes_(services.catalogue.changes()),
      epoch_(rows.epoch()),
      texts_(services.catalogue) {}

Result<std::shared_ptr<const ItemSelection>> CatalogueSelection::make(const Services& services, CatalogueRows& rows,
                                                                      store::SharedItemFilter filter,
                                                                      std::optional<Item> about,
                                                                      std::uint64_t most_work) {
  const std::shared_ptr<CatalogueSelection> selection(new CatalogueSelection(services, rows, std::move(about)));
  const bool by_id = asks_for_ids(filter->root());
  auto bound = store::BoundFilter::bind(std::move(filter), services.columns, selection->texts_,
                                        {.item = selection->about(),
                                         .strict = services.catalogue.options().strict,
                                         .most_work = most_work,
                                         .most_at_once = kSlice});
  if (!bound) return bound.error();
  selection->filter_ = *std::move(bound);
  while (!selection->filter_->is_complete()) {
    if (auto again = selection->pause(); !again) return again.error();
  }
  selection->begin_slice(0);
  if (by_id || selection->filter_->matches_unknown("")) selection->others_ = services.vocabulary.size();
  return std::shared_ptr<const ItemSelection>(selection);
}

/// `work`: what it has cost to bind the filter. Slices are no shorter: else most of the work would be to bind it again.
void CatalogueSelection::begin_slice(std::uint64_t work) const {
  const std::uint64_t left = filter_->work_left();
  slice_end_ = left - std::min(left, std::max(kSlice, work));
}

void CatalogueSelection::let_changes_in() const {
  if (slice_end_ == 0 || filter_->work_left() > slice_end_ || filter_->is_used_up()) return;
  std::uint64_t work = 0;
  do {
    if (const auto cost = pause()) work = std::max(work, *cost);
  } while (!filter_->is_complete());
  begin_slice(work);
}

/// Returns what it has cost to bind the filter again, if that is needed.
Result<std::uint64_t> CatalogueSelection::pause() const {
  lock_.unlock();
  lock_.lock();
  const std::uint64_t before = std::exchange(changes_, services_.catalogue.changes());
  if (before == changes_ && filter_->is_complete()) return 0;
  return filter_->bind_again(services_.catalogue.changed_since(before));
}

bool CatalogueSelection::allows(online::ItemIndex item) const {
  let_changes_in();
  store::CatalogueRow row = rows_.find(item, epoch_);
  if (row != store::kNoRow) return filter_->matches(row);
  const std::string name = services_.vocabulary.name(item);
  row = services_.catalogue.row_of(name);
  if (row == store::kNoRow) return filter_->matches_unknown(name);
  rows_.remember(item, epoch_, row);
  return filter_->matches(row);
}

bool CatalogueSelection::contains(std::string_view item) const {
  let_changes_in();
  const store::CatalogueRow row = services_.catalogue.row_of(item);
  return row == store::kNoRow ? filter_->matches_unknown(item) : filter_->matches(row);
}

std::size_t CatalogueSelection::estimate() const { return others_ > 0 ? kNotOnlyCatalogue : filter_->estimate(); }

void CatalogueSelection::enumerate(const std::function<bool(std::string_view item)>& visit) const {
  if (slice_end_ == 0) {
    bool goes_on = true;
    filter_->enumerate(store::BoundFilter::kAll,
                       [&](store::CatalogueRow row) { goes_on = goes_on && visit(services_.catalogue.name_of(row)); });
    return;
  }
  for (const store::CatalogueRow row : filter_->candidates()) {
    let_changes_in();
    if (!services_.columns.rows().contains(row) || !filter_->matches(row)) continue;
    const std::string name(services_.catalogue.name_of(row));  // `visit` may ask contains(), which lets changes in
    if (!visit(name)) return;
  }
}

}  // namespace freshet::serve

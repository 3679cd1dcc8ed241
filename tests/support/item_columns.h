// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/catalogue/bound_filter.h"

namespace freshet::testing {

inline Item item_named(std::string name) {
  Item item;
  item.item = std::move(name);
  return item;
}

/// Items with their columns, as a catalogue keeps them: rows that are free are used again.
class ItemColumns final : public store::CatalogueTexts {
 public:
  store::CatalogueRow put(Item item) {
    auto [place, added] = rows_.try_emplace(item.item, 0);
    if (added && free_.empty()) {
      place->second = static_cast<store::CatalogueRow>(items_.size());
      items_.emplace_back();
    } else if (added) {
      place->second = free_.back();
      free_.pop_back();
    }
    columns_.put(place->second, item);
    items_[place->second] = std::move(item);
    return place->second;
  }

  void remove(const std::string& item) {
    const auto place = rows_.find(item);
    if (place == rows_.end()) return;
    columns_.remove(place->second);
    free_.push_back(place->second);
    rows_.erase(place);
  }

  const store::AttributeColumns& columns() const { return columns_; }
  const std::map<std::string, store::CatalogueRow, std::less<>>& rows() const { return rows_; }
  const Item& at(store::CatalogueRow row) const { return items_[row]; }

  std::string_view item(store::CatalogueRow row) const override { return items_[row].item; }
  std::string_view text(store::CatalogueRow row) const override { return items_[row].text; }
  std::optional<store::CatalogueRow> find(std::string_view item) const override {
    const auto place = rows_.find(item);
    return place == rows_.end() ? std::nullopt : std::optional(place->second);
  }

  Result<store::BoundFilter> bind(std::string_view filter, const store::FilterContext& context = {}) const {
    auto parsed = store::parse_filter(filter);
    if (!parsed) return parsed.error();
    return store::BoundFilter::bind(std::move(*parsed), columns_, *this, context);
  }

 private:
  store::AttributeColumns columns_;
  std::vector<Item> items_;
  std::vector<store::CatalogueRow> free_;
  std::map<std::string, store::CatalogueRow, std::less<>> rows_;
};

}  // namespace freshet::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/event_reader.h"
#include "base/item.h"
#include "store/catalogue.h"

namespace freshet::testing {

inline ItemChange put_of(Item item) { return {ItemChange::Kind::put, std::move(item), 0}; }

inline ItemChange removal_of(std::string name) {
  ItemChange change{ItemChange::Kind::remove, {}, 0};
  change.item.item = std::move(name);
  return change;
}

/// The item record at `position`.
inline PositionedEvent item_record(const Position& position, ItemChange change, std::int64_t arrival_ms = 0) {
  PositionedEvent record;
  record.position = position;
  record.arrival = timestamp_from_ms(arrival_ms);
  record.event.kind = EventKind::item;
  record.event.item = change.item.item;
  record.event.change = SharedItemChange(std::move(change));
  return record;
}

inline void put_items(store::Catalogue& catalogue, const std::vector<Item>& items) {
  std::vector<ItemChange> changes;
  for (const Item& item : items) changes.push_back(put_of(item));
  FRESHET_CHECK(catalogue.apply(changes, {}).has_value());
}

inline void remove_item(store::Catalogue& catalogue, const std::string& item, Timestamp arrival = {}) {
  const ItemChange change = removal_of(item);
  FRESHET_CHECK(catalogue.apply({&change, 1}, arrival).has_value());
}

}  // namespace freshet::testing

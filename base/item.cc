// SPDX-License-Identifier: Apache-2.0
#include "base/item.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace freshet {
namespace {

/// Sets the entries of `changes` in `entries` by name; those that `is_removal` are removed. Both are sorted by name.
template <typename Entry, typename IsRemoval>
void merge(const std::vector<Entry>& changes, std::vector<Entry>& entries, IsRemoval is_removal) {
  for (const Entry& change : changes) {
    const auto at = std::ranges::lower_bound(entries, change.name, {}, &Entry::name);
    const bool known = at != entries.end() && at->name == change.name;
    if (is_removal(change)) {
      if (known) entries.erase(at);
    } else if (known) {
      *at = change;
    } else {
      entries.insert(at, change);
    }
  }
}

}  // namespace

void apply(const ItemChange& patch, Item& item) {
  FRESHET_CHECK(patch.kind == ItemChange::Kind::patch);
  const Item& from = patch.item;
  if (patch.sets(ItemField::title)) item.title = from.title;
  if (patch.sets(ItemField::text)) item.text = from.text;
  if (patch.sets(ItemField::categories)) item.categories = from.categories;
  if (patch.sets(ItemField::price)) item.price = from.price;
  if (patch.sets(ItemField::available)) item.available = from.available;
  if (patch.sets(ItemField::time)) item.time = from.time;
  if (patch.sets(ItemField::attributes)) item.attributes.clear();
  if (patch.sets(ItemField::vectors)) item.vectors.clear();
  if (patch.sets(ItemField::relations)) item.relations.clear();
  merge(from.attributes, item.attributes,
        [](const Attribute& attribute) { return std::holds_alternative<std::monostate>(attribute.value); });
  merge(from.vectors, item.vectors, [](const ItemVector& vector) { return vector.values.empty(); });
  merge(from.relations, item.relations, [](const ItemRelation& relation) { return relation.targets.empty(); });
}

}  // namespace freshet

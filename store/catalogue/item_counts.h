// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace freshet::store {

/// What became of changes of items.
struct ItemCounts {
  std::size_t puts = 0;
  std::size_t inserted = 0;  ///< of `puts`: the item was not in the catalogue
  std::size_t patches = 0;
  std::size_t removals = 0;
  std::size_t ignored_patches = 0;    ///< without effect: there is no such item
  std::size_t oversized_patches = 0;  ///< without effect: the item would be beyond check_item_limits()
  std::size_t refused = 0;            ///< without effect: CatalogueOptions::max_items
};

}  // namespace freshet::store

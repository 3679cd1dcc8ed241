// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/item.h"
#include "store/catalogue/catalogue_row.h"

namespace freshet::store {

/// Is told of every item of the catalogue: at the start of those that are stored, then of every change.
/// Threads: one call at a time, while nobody holds a Catalogue::read_lock().
class CatalogueListener {
 public:
  virtual ~CatalogueListener() = default;

  /// The item is in the catalogue, as it is now.
  virtual void put(CatalogueRow row, const Item& item) = 0;
  /// It was in the catalogue.
  virtual void remove(CatalogueRow row) = 0;
};

}  // namespace freshet::store

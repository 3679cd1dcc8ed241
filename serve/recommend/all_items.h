// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "online/part/item_order.h"
#include "serve/recommend/filter.h"
#include "serve/services.h"

namespace freshet::serve {

/// Takes an item; false ends the visit.
using VisitItem = std::function<bool(FilterCandidate&)>;

/// Visits the allowed items that the model knows, for a list that the parts' candidates did not fill: in the order of
/// `order` if there is one, then the newest first, so that an item which moved meanwhile is not missed. An item may come
/// twice.
/// Threads: any.
/// Cost:    some nanoseconds per item passed over.
void visit_known_items(const Services& services, const CatalogueRows& rows, const online::AllowedItems& allowed,
                       const online::ItemOrder* order, const VisitItem& visit);

/// Visits the items that the model does not know: those in `selection`, or if it is null the available ones of the
/// catalogue, newest first.
/// Threads: any.
/// Cost:    a look-up per item of the selection, or per available item of the catalogue.
void visit_unknown_items(const Services& services, const ItemSelection* selection, const VisitItem& visit);

}  // namespace freshet::serve

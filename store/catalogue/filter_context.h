// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/item.h"
#include "store/catalogue/filter.h"

namespace freshet::store {

/// The values of an item's attribute, as the values of a comparison: what `context.NAME` stands for. Empty if it has none.
std::vector<FilterValue> values_of(const Item& item, std::string_view name);

}  // namespace freshet::store

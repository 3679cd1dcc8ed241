// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/item.h"
#include "base/result.h"

namespace freshet {

/// Longest item as item_json() writes it, and longest patch.
inline constexpr std::size_t kMaxItemJsonBytes = 512 << 10;

/// Appends the fields of an item to the JSON object that `out` ends in. Those that have their default are left out, or
/// null if `sets` has them (ItemChange::fields). ingest::ItemDecoder reads the same values from it.
void append_item_fields(std::string& out, const Item& item, std::uint16_t sets = 0);

/// The item as POST /v1/items takes it.
std::string item_json(const Item& item, std::uint16_t sets = 0);

/// Judges what is bounded of an item as a whole: how many attributes, vectors and relations it has, and its length. Single
/// fields are judged where they are read.
/// Errors: invalid: "attributes: 129 entries, at most 128".
/// Cost:   a fraction of a microsecond, unless the item may be too long.
Result<void> check_item_limits(const Item& item, std::uint16_t sets = 0);

}  // namespace freshet

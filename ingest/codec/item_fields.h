// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string_view>

#include "base/item.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/codec/json_members.h"

namespace freshet::ingest {

/// The type of item records.
inline constexpr std::string_view kItemType = "$item";

inline constexpr std::size_t kMaxVectorDimension = 4096;

/// Reads an entry's members into `change`, whose kind and item's name are known; the name may be empty. `text`: the entry as
/// it was written. `vectors`: null: any.
bool read_item_fields(const simdjson::dom::object& members, std::string_view text, const VectorDimensions* vectors,
                      ItemChange& change, Fault& fault);

/// Reads the members of an item record, which may be in the events topic too.
bool read_item_record(const simdjson::dom::object& members, std::string_view text, const VectorDimensions* vectors,
                      ItemChange& change, Fault& fault);

}  // namespace freshet::ingest

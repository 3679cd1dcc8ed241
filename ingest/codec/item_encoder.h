// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/item.h"

namespace freshet::ingest {

/// The record of a change, as JSON: ItemDecoder::decode_state("", encode_item_change(c)) == c.
std::string encode_item_change(const ItemChange& change);

/// The key of a record in the state topic, which is compacted: of the records with one key only the newest is sure to stay.
/// A put and a removal have the item's name; names that begin with '$' have "$item/" in front.
/// REQUIRES: `change` is no patch, or one of split_patch()
std::string state_key(const ItemChange& change);

/// The item that the key of a put or removal names. Empty for other keys.
std::string_view item_of_state_key(std::string_view key);

/// A patch as patches of one field each, in an order in which they may be applied: each has a key of its own in the state
/// topic, so that none of them replaces another.
std::vector<ItemChange> split_patch(const ItemChange& patch);

}  // namespace freshet::ingest

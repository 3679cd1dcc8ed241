// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/item.h"
#include "base/result.h"

namespace freshet::ingest {

/// Dimensions of the vectors that items may have, by name.
using VectorDimensions = std::map<std::string, std::size_t>;

/// Longest entry, and record of an item, as it is sent. A record that freshet writes has kMaxItemJsonBytes, and less than
/// half as much around it.
inline constexpr std::size_t kMaxItemRecordBytes = 1 << 20;

/// Decodes changes of the catalogue (docs/catalogue.md). An entry's known fields are those of Item; a field of any other
/// name is an attribute. Null means absent in a put, and resets the field in a patch.
/// Threads: one; each thread has its own decoder.
/// Owns:    a parser and its buffers.
/// Errors:  invalid, with the field and what was expected ("price: expected a number"). Messages are short and valid UTF-8,
///          whatever the text contains.
/// Cost:    about a microsecond for a short entry.
class ItemDecoder {
 public:
  /// `vectors`: those that items may have; nullopt: any.
  explicit ItemDecoder(std::optional<VectorDimensions> vectors);
  ~ItemDecoder();

  /// An entry, {"item":"i1","price":9.5}. `name`: the item that it is about; empty: the entry must say.
  Result<ItemChange> decode_entry(std::string_view text, ItemChange::Kind kind, std::string_view name);

  /// A record of the state topic: {"type":"$item","op":"put","item":"i1","fields":{...}}, or an entry, which is put; the key
  /// names the item that it is about, unless it begins with '$'. A record without a value removes the item.
  Result<ItemChange> decode_state(std::string_view key, std::string_view value);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::ingest

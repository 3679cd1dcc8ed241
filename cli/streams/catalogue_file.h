// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/item.h"
#include "base/result.h"

namespace freshet::cli {

/// The items of a catalogue file (`freshet evaluate --items`), in the order of the file: TSV, CSV or JSON lines, plain or
/// compressed. docs/evaluate.md defines the columns.
struct CatalogueFile {
  std::vector<Item> items;
  std::size_t skipped = 0;              ///< lines that are not items
  std::vector<std::string> complaints;  ///< "FILE:12: ...": the first few of them

  std::string why_none() const;  ///< REQUIRES: items is empty
};

/// Of vectors with the same name.
enum class Dimensions {
  any,    ///< a service judges them
  alike,  ///< that of the first
};

/// What PUT /v1/items/{item} refuses is not an item, whatever the format.
/// `columns`: as of --item-columns; empty: the first line names them. Not used for JSON lines.
/// Errors: invalid, naming the column or the line; unavailable or corrupt, naming the file.
Result<CatalogueFile> read_catalogue(const std::string& path, const std::string& columns, Dimensions dimensions);

}  // namespace freshet::cli

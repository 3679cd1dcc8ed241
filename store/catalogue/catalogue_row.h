// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace freshet::store {

/// The number of an item, dense from 0. While the process runs it belongs to no other item, whatever happens to its own.
using CatalogueRow = std::uint32_t;

inline constexpr CatalogueRow kNoRow = std::numeric_limits<CatalogueRow>::max();

}  // namespace freshet::store

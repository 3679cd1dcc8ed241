// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace freshet::store {

/// Levels of a category below this one are not told apart.
inline constexpr std::size_t kMaxCategoryLevels = 16;

/// The folded path down to each level of a category, from the top: "Shoes / Running" gives "shoes" and
/// "shoes > running". Levels are separated by " > ", "/" or "."; spaces around them and empty levels do not count.
std::vector<std::string> category_levels(std::string_view category);

/// The last of category_levels(); empty if there is none.
std::string category_path(std::string_view category);

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/category_path.h"

#include <algorithm>

#include "store/catalogue/folded_text.h"

namespace freshet::store {
namespace {

constexpr std::string_view kSeparator = " > ";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// Takes the first level off.
std::string_view take_level(std::string_view& rest) {
  const std::size_t one = rest.find_first_of("/.");
  const std::size_t arrow = rest.find(kSeparator);
  const std::size_t end = std::min({one, arrow, rest.size()});
  const std::string_view level = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + (arrow < one ? kSeparator.size() : 1)));
  return trimmed(level);
}

}  // namespace

std::vector<std::string> category_levels(std::string_view category) {
  const std::string text = folded(category);
  std::string_view rest = text;
  std::vector<std::string> paths;
  while (!rest.empty() && paths.size() < kMaxCategoryLevels) {
    const std::string_view level = take_level(rest);
    if (level.empty()) continue;
    std::string path = paths.empty() ? std::string() : paths.back() + std::string(kSeparator);
    path += level;
    paths.push_back(std::move(path));
  }
  return paths;
}

std::string category_path(std::string_view category) {
  auto levels = category_levels(category);
  return levels.empty() ? std::string() : std::move(levels.back());
}

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/excluded_types.h"

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace freshet::serve {
namespace {

bool is_escape(std::string_view text, std::size_t at) {
  return text[at] == '\\' && at + 1 < text.size() &&
         std::string_view(",:\\").find(text[at + 1]) != std::string_view::npos;
}

/// The place of the first `sign` that is not behind a backslash; the size of the text if there is none.
std::size_t find_plain(std::string_view text, char sign) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != sign) at += is_escape(text, at) ? 2 : 1;
  return at;
}

std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_escape(text, at)) ++at;
    plain += text[at];
  }
  return plain;
}

}  // namespace

Result<ExcludedTypes> ExcludedTypes::parse(std::string_view text) {
  ExcludedTypes types;
  while (!text.empty()) {
    const std::size_t end = find_plain(text, ',');
    if (auto added = types.add(text.substr(0, end)); !added) return added.error();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return types;
}

Result<void> ExcludedTypes::add(std::string_view entry) {
  if (entry.empty()) return {};
  const std::size_t colon = find_plain(entry, ':');
  std::string type = unescaped(entry.substr(0, colon));
  if (type.empty()) return Error{Errc::invalid, "\"" + std::string(entry) + "\" names no type"};
  std::optional<std::chrono::milliseconds> age;
  if (colon < entry.size()) {
    const std::string_view text = entry.substr(colon + 1);
    age = parse_duration(text);
    if (!age) return Error{Errc::invalid, "\"" + std::string(text) + "\" is not a duration such as 12h or 90d"};
  }
  if (ages_.size() == kMost) return Error{Errc::invalid, "more than " + std::to_string(kMost) + " types"};
  const auto [added, is_new] = ages_.emplace(std::move(type), age);
  if (!is_new) return Error{Errc::invalid, "\"" + added->first + "\" given twice"};
  return {};
}

ExcludedTypes ExcludedTypes::counted_as(const online::Options& options) const {
  ExcludedTypes counted;
  for (const auto& [type, age] : ages_) {
    const auto [at, is_new] = counted.ages_.emplace(options.type_of(type), age);
    if (!is_new && at->second) at->second = age ? std::max(at->second, age) : age;
  }
  return counted;
}

bool ExcludedTypes::matches(const std::string& type, Timestamp time, Timestamp now) const {
  const auto found = ages_.find(type);
  return found != ages_.end() && (!found->second || time >= now - *found->second);
}

}  // namespace freshet::serve

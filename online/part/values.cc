// SPDX-License-Identifier: Apache-2.0
#include "online/part/values.h"

#include <algorithm>
#include <charconv>

namespace freshet::online {
namespace {

constexpr const char* kExpected = "expected a number from -1000000 to 1000000";

bool is_worth(double value) { return value >= -kMostWorth && value <= kMostWorth; }

}  // namespace

Result<Values> parse_values(std::string_view text, char sign) {
  Values values;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    if (entry.empty()) continue;
    const std::size_t end = std::min(entry.rfind(sign), entry.size());
    const std::string type(entry.substr(0, end));
    const std::string_view number = entry.substr(std::min(end + 1, entry.size()));
    double value = 0;
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || rest != number.data() + number.size() || !is_worth(value)) {
      return Error{Errc::invalid, type + ": " + kExpected};
    }
    if (values.size() == kMostValues)
      return Error{Errc::invalid, "more than " + std::to_string(kMostValues) + " types"};
    if (!values.emplace(type, value).second) return Error{Errc::invalid, type + ": given twice"};
  }
  return values;
}

OptionProblems judge_values(const Values& values, std::span<const std::string> actions) {
  std::string known;
  for (const std::string& action : actions) known += (known.empty() ? "" : ", ") + action;
  OptionProblems problems;
  for (const auto& [type, value] : values) {
    if (std::ranges::find(actions, type) == actions.end()) {
      problems.push_back({type, "is none of online.blender.actions: " + known});
    } else if (!is_worth(value)) {
      problems.push_back({type, kExpected});
    }
  }
  return problems;
}

}  // namespace freshet::online

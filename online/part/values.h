// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/options.h"
#include "base/result.h"

namespace freshet::online {

/// What an event of each type is worth, in the order of a list. None: lists are in order of what comes next.
using Values = std::map<std::string, double>;

inline constexpr std::size_t kMostValues = 16;
inline constexpr double kMostWorth = 1e6;

/// Entries "purchase:10,cart:3", with `sign` between a type and its value. Empty text: no values.
/// Errors: invalid: no number, a type given twice, more than kMostValues.
Result<Values> parse_values(std::string_view text, char sign);

/// Whether there is a head for each type, and each value is a number from -kMostWorth to kMostWorth; `actions`:
/// BlenderOptions::actions. Keys are types.
OptionProblems judge_values(const Values& values, std::span<const std::string> actions);

}  // namespace freshet::online

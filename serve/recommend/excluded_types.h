// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "online/part/options.h"

namespace freshet::serve {

/// Types of events whose items a list leaves out, such as what the owner has bought: each with the age up to which an
/// event counts, or without one.
class ExcludedTypes {
 public:
  static constexpr std::size_t kMost = 64;

  /// Entries separated by commas: "purchase:90d,cart".
  /// Errors: as add().
  static Result<ExcludedTypes> parse(std::string_view text);

  /// Adds "TYPE" or "TYPE:AGE". In a type, `\,`, `\:` and `\\` stand for a comma, a colon and a backslash.
  /// An empty entry adds nothing.
  /// Errors: invalid: no type, an age that is not a duration, a type that is there already, more than kMost.
  Result<void> add(std::string_view entry);

  bool empty() const { return ages_.empty(); }
  const auto& types() const { return ages_; }

  /// The same for the types that these count as, and the longest of their ages.
  ExcludedTypes counted_as(const online::Options& options) const;

  /// Whether the item of an event of this type and time is left out of a list of now.
  bool matches(const std::string& type, Timestamp time, Timestamp now) const;

 private:
  std::map<std::string, std::optional<std::chrono::milliseconds>, std::less<>> ages_;
};

}  // namespace freshet::serve

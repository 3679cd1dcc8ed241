#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/result.h"

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

  /// Whether the item of the event is left out of a list of this time.
  bool matches(const Event& event, Timestamp now) const;

 private:
  std::map<std::string, std::optional<std::chrono::milliseconds>, std::less<>> ages_;
};

}  // namespace freshet::serve

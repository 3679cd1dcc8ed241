#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

/// Where one record stands in the event log.
struct Position {
  std::int32_t partition = 0;
  std::int64_t offset = 0;

  auto operator<=>(const Position&) const = default;
};

/// Per partition the offset of the next record to read (one past the last one read).
/// A partition that is absent has not been read at all.
using Positions = std::map<std::int32_t, std::int64_t>;

/// Raises `positions` so that it also covers everything below `upto`.
void advance(Positions& positions, const Positions& upto);

/// Makes `positions` say of every partition that `next` names what that says. It may go back: a log can begin anew.
void move_to(Positions& positions, const Positions& next);

/// True if a reader at `positions` has read everything below `wanted`.
bool covers(const Positions& positions, const Positions& wanted);

/// Records below `end` that a reader at `at` has not read yet.
std::int64_t distance(const Positions& at, const Positions& end);

/// A position token as clients see it: "0-1042" or "3-7_5-1042" (partition-offset pairs joined by '_';
/// URL-safe). Opaque to them; offset is the next record after the one acknowledged.
std::string to_token(const Positions& positions);

/// The reverse, pairs in any order; Errc::invalid for anything else. Total over all inputs.
Result<Positions> parse_token(std::string_view token);

}  // namespace freshet

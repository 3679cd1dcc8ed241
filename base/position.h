// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

/// The position of one record in the event log.
struct Position {
  std::int32_t partition = 0;
  std::int64_t offset = 0;

  auto operator<=>(const Position&) const = default;
};

/// The partition of the records that every instance reads whole, if they have a topic of their own (kafka.state_topic):
/// items. A token calls it "s".
inline constexpr std::int32_t kStatePartition = std::numeric_limits<std::int32_t>::max();

/// For each partition the offset of the next record to read, one past the last one read. A partition that is not in it
/// has not been read.
using Positions = std::map<std::int32_t, std::int64_t>;

/// Raises `positions` so that it covers `upto` too.
void advance(Positions& positions, const Positions& upto);

/// Sets the partitions of `next` in `positions`. They move back if a log was recreated.
void move_to(Positions& positions, const Positions& next);

/// True if a reader at `positions` has read the record at `record`.
bool is_below(const Position& record, const Positions& positions);

/// True if a reader at `positions` has read everything below `wanted`.
bool covers(const Positions& positions, const Positions& wanted);

/// Number of records below `end` that a reader at `at` has not read.
std::int64_t distance(const Positions& at, const Positions& end);

/// The position token of the API: "0-1042" or "3-7_5-1042_s-12", partition-offset pairs joined by '_'. URL-safe, and opaque
/// to clients. The offset is that of the record after the acknowledged one.
std::string to_token(const Positions& positions);

/// Parses a token, with its pairs in any order. Total over all inputs.
/// Errors: invalid.
Result<Positions> parse_token(std::string_view token);

}  // namespace freshet

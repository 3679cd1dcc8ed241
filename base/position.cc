// SPDX-License-Identifier: Apache-2.0
#include "base/position.h"

#include <algorithm>

#include "base/partition_name.h"
#include "base/take.h"

namespace freshet {
void advance(Positions& positions, const Positions& upto) {
  for (const auto& [partition, offset] : upto) {
    auto& own = positions.try_emplace(partition, offset).first->second;
    own = std::max(own, offset);
  }
}

void move_to(Positions& positions, const Positions& next) {
  for (const auto& [partition, offset] : next) positions[partition] = offset;
}

bool is_below(const Position& record, const Positions& positions) {
  const auto own = positions.find(record.partition);
  return own != positions.end() && record.offset < own->second;
}

bool covers(const Positions& positions, const Positions& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& want) {
    if (want.second <= 0) return true;
    const auto own = positions.find(want.first);
    return own != positions.end() && own->second >= want.second;
  });
}

std::int64_t distance(const Positions& at, const Positions& end) {
  std::int64_t records = 0;
  for (const auto& [partition, offset] : end) {
    const auto own = at.find(partition);
    records += std::max<std::int64_t>(0, offset - (own == at.end() ? 0 : own->second));
  }
  return records;
}

std::string partition_name(std::int32_t partition) {
  return partition == kStatePartition ? "s" : std::to_string(partition);
}

std::string to_token(const Positions& positions) {
  std::string token;
  for (const auto& [partition, offset] : positions) {
    if (!token.empty()) token += '_';
    token += partition_name(partition) + '-' + std::to_string(offset);
  }
  return token;
}

Result<Positions> parse_token(std::string_view token) {
  const Error bad{Errc::invalid, "not a position token"};
  if (token.size() > 64 * 1024) return bad;
  Positions positions;
  while (true) {
    Position next;
    if (take_char(token, 's')) {
      next.partition = kStatePartition;
    } else if (!take_number(token, next.partition)) {
      return bad;
    }
    if (!take_char(token, '-') || !take_number(token, next.offset)) return bad;
    advance(positions, {{next.partition, next.offset}});
    if (token.empty()) return positions;
    if (!take_char(token, '_')) return bad;
  }
}

}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/position.h"

namespace freshet::store {

/// Keys of the column families (docs/store_format.md). Part of the on-disk format: do not change.

/// Number of bytes after the owner prefix of a history key: time, partition, offset.
inline constexpr std::size_t kHistorySuffixBytes = 8 + 4 + 8;

struct HistoryKey {
  Owner owner;
  Timestamp time{};
  Position position;

  bool operator==(const HistoryKey&) const = default;
};

/// Owner kind, varint length, id: no owner's prefix is a prefix of another owner's.
std::string encode_owner(const Owner& owner);

/// A key after all history keys of `owner` and before those of the next owner.
std::string end_of_history(const Owner& owner);

/// Sorts by owner, then newest first: time, partition and offset are stored as their complement, big-endian.
std::string encode_history_key(const HistoryKey& key);

/// Nullopt for bytes that encode_history_key() does not produce. Total over all bytes.
std::optional<HistoryKey> decode_history_key(std::string_view bytes);

/// The time of a history key.
/// REQUIRES: `suffix` is its last kHistorySuffixBytes bytes.
Timestamp time_of_history_suffix(std::string_view suffix);

/// Key of the link from a user to a session that they had events in: the user as an owner, then the session's id.
std::string encode_link_key(std::string_view user, std::string_view session);

/// Key in the meta family of an erasure that is not finished: the prefix, then the owner.
inline constexpr std::string_view kErasurePrefix = "erasing/";
std::string erasure_key(const Owner& owner);

/// Key in the meta family of a mark of the journal's size: the prefix, then the offset.
inline constexpr std::string_view kJournalMarkPrefix = "journal_mark/";
std::string journal_mark_key(std::int64_t offset);

/// Partition and offset, big-endian: log order.
std::string encode_position(const Position& position);
std::optional<Position> decode_position(std::string_view bytes);

/// Big-endian journal offset.
std::string encode_offset(std::int64_t offset);
std::optional<std::int64_t> decode_offset(std::string_view bytes);

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/event_reader.h"
#include "base/position.h"
#include "base/served_list.h"
#include "store/codec/records.h"

namespace freshet::store {

/// Values of the column families (docs/store_format.md): a version byte, then the fields. Part of the on-disk format.
/// Each decoder is total: it returns nullopt for bytes that its encoder does not produce.

inline constexpr std::uint8_t kValueVersion = 1;

/// An event without its time and position, which are in the key.
std::string encode_event_value(const Event& event);
std::optional<Event> decode_event_value(std::string_view bytes, Timestamp time);

/// A list that was served, without its owner, time and position, which are in the key.
std::string encode_served_list(const ServedList& list);
std::optional<ServedList> decode_served_list(std::string_view bytes);

std::string encode_item(const Item& item);
/// Reads items of 0.1.0 too: all their attributes are then one JsonText with an empty name, the object as it was sent.
std::optional<Item> decode_item(std::string_view bytes);
/// True of an item that 0.1.0 wrote.
bool is_legacy_item(std::string_view bytes);

/// In place of an item that has been removed.
std::string encode_removal(const ItemRemoval& removal);
std::optional<ItemRemoval> decode_removal(std::string_view bytes);
bool is_removal(std::string_view bytes);

/// Time and position at which an event id was first accepted.
struct DedupeValue {
  Timestamp arrival{};
  Position position;

  bool operator==(const DedupeValue&) const = default;
};
std::string encode_dedupe(const DedupeValue& value);
std::optional<DedupeValue> decode_dedupe(std::string_view bytes);

/// A record without its offset, which is the key.
std::string encode_journal_value(const JournalRecord& record);
std::optional<JournalRecord> decode_journal_value(std::string_view bytes, std::int64_t offset);

/// Of a link from a user to a session: the time of an event of both, not much older than the newest.
std::string encode_link(Timestamp time);
std::optional<Timestamp> decode_link(std::string_view bytes);

std::string encode_erasure(const Erasure& erasure);
std::optional<Erasure> decode_erasure(std::string_view bytes);

/// A record without its position, which is the key.
std::string encode_rejected(const RejectedRecord& record);
std::optional<RejectedRecord> decode_rejected(std::string_view bytes, const Position& position);

}  // namespace freshet::store

// SPDX-License-Identifier: Apache-2.0
#include "store/codec/key_codec.h"

#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace freshet::store {
namespace {

template <typename Unsigned>
void append_big_endian(std::string& out, Unsigned value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

template <typename Unsigned>
Unsigned read_big_endian(const char* bytes) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value = static_cast<Unsigned>(value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

std::string encode_owner(const Owner& owner) {
  std::string bytes;
  bytes.reserve(owner.id.size() + 3 + kHistorySuffixBytes);
  ByteWriter out(bytes);
  out.fixed(static_cast<std::uint8_t>(owner.kind));
  out.string(owner.id);
  return bytes;
}

std::string encode_history_key(const HistoryKey& key) {
  std::string bytes = encode_owner(key.owner);
  append_big_endian(bytes, ~static_cast<std::uint64_t>(to_ms(key.time)));
  append_big_endian(bytes, ~static_cast<std::uint32_t>(key.position.partition));
  append_big_endian(bytes, ~static_cast<std::uint64_t>(key.position.offset));
  return bytes;
}

std::optional<HistoryKey> decode_history_key(std::string_view bytes) {
  ByteReader in(bytes);
  const auto kind = in.fixed<std::uint8_t>();
  const std::string_view id = in.string();
  const std::string_view suffix = in.take(kHistorySuffixBytes);
  if (!in.ok() || !in.at_end() || kind > static_cast<std::uint8_t>(Owner::Kind::session)) return std::nullopt;
  HistoryKey key;
  key.owner = {static_cast<Owner::Kind>(kind), std::string(id)};
  key.time = time_of_history_suffix(suffix);
  key.position.partition = static_cast<std::int32_t>(~read_big_endian<std::uint32_t>(suffix.data() + 8));
  key.position.offset = static_cast<std::int64_t>(~read_big_endian<std::uint64_t>(suffix.data() + 12));
  // A varint with padding would be a second key for the same row.
  if (encode_history_key(key) != bytes) return std::nullopt;
  return key;
}

Timestamp time_of_history_suffix(std::string_view suffix) {
  return timestamp_from_ms(static_cast<std::int64_t>(~read_big_endian<std::uint64_t>(suffix.data())));
}

std::string end_of_history(const Owner& owner) {
  return encode_owner(owner) + std::string(kHistorySuffixBytes + 1, '\xff');
}

std::string encode_link_key(std::string_view user, std::string_view session) {
  return encode_owner({Owner::Kind::user, std::string(user)}).append(session);
}

std::string erasure_key(const Owner& owner) { return std::string(kErasurePrefix) + encode_owner(owner); }

std::string journal_mark_key(std::int64_t offset) { return std::string(kJournalMarkPrefix) + encode_offset(offset); }

std::string encode_position(const Position& position) {
  std::string bytes;
  append_big_endian(bytes, static_cast<std::uint32_t>(position.partition));
  append_big_endian(bytes, static_cast<std::uint64_t>(position.offset));
  return bytes;
}

std::optional<Position> decode_position(std::string_view bytes) {
  if (bytes.size() != 12) return std::nullopt;
  return Position{static_cast<std::int32_t>(read_big_endian<std::uint32_t>(bytes.data())),
                  static_cast<std::int64_t>(read_big_endian<std::uint64_t>(bytes.data() + 4))};
}

std::string encode_offset(std::int64_t offset) {
  std::string bytes;
  append_big_endian(bytes, static_cast<std::uint64_t>(offset));
  return bytes;
}

std::optional<std::int64_t> decode_offset(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return static_cast<std::int64_t>(read_big_endian<std::uint64_t>(bytes.data()));
}

}  // namespace freshet::store

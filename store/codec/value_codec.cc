// SPDX-License-Identifier: Apache-2.0
#include "store/codec/value_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <variant>

#include "base/bytes.h"

namespace freshet::store {
namespace {

constexpr std::uint8_t kManyRecords = 2;  ///< of an erasure, instead of their number: it follows
constexpr std::int64_t kMaxOffset = std::numeric_limits<std::int64_t>::max() - 1;

/// In place of the version: a journal record whose key and value have been erased.
constexpr std::uint8_t kErasedRecord = 2;

/// The version of items since they are records of the log.
constexpr std::uint8_t kItemVersion = 3;
/// In place of the version: a removed item.
constexpr std::uint8_t kRemovedItem = 2;
constexpr double kNoPrice = std::numeric_limits<double>::quiet_NaN();

/// The version byte, then the fields that `write` appends.
template <typename Write>
std::string encode(std::size_t size_hint, Write write) {
  std::string bytes;
  bytes.reserve(size_hint);
  ByteWriter out(bytes);
  out.fixed(kValueVersion);
  write(out);
  return bytes;
}

/// The inverse: nullopt unless the version is known and `read` consumes all bytes.
template <typename Value, typename Read>
std::optional<Value> decode(std::string_view bytes, Value value, Read read) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != kValueVersion) return std::nullopt;
  read(in, value);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return value;
}

void write_owner(ByteWriter& out, const Owner& owner) {
  out.fixed(static_cast<std::uint8_t>(owner.kind));
  out.string(owner.id);
}

Owner read_owner(ByteReader& in) {
  const auto kind = in.fixed<std::uint8_t>() == 0 ? Owner::Kind::user : Owner::Kind::session;
  return {kind, std::string(in.string())};
}

void write_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.varint(texts.size());
  for (const std::string& text : texts) out.string(text);
}

std::vector<std::string> read_texts(ByteReader& in) {
  std::vector<std::string> texts;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) texts.emplace_back(in.string());
  return texts;
}

/// Writes an attribute: the alternative's number, then its value.
void write_value(ByteWriter& out, const AttributeValue& value) {
  out.fixed(static_cast<std::uint8_t>(value.index()));
  if (const auto* text = std::get_if<std::string>(&value)) out.string(*text);
  if (const auto* number = std::get_if<double>(&value)) out.fixed(*number);
  if (const auto* truth = std::get_if<bool>(&value)) out.fixed(static_cast<std::uint8_t>(*truth));
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) write_texts(out, *list);
  if (const auto* time = std::get_if<Timestamp>(&value)) out.fixed(to_ms(*time));
  if (const auto* json = std::get_if<JsonText>(&value)) out.string(json->text);
}

/// The inverse. An unknown alternative spoils `in`.
AttributeValue read_value(ByteReader& in) {
  static_assert(std::variant_size_v<AttributeValue> == 7);
  switch (in.fixed<std::uint8_t>()) {
    case 0: return {};
    case 1: return std::string(in.string());
    case 2: return in.fixed<double>();
    case 3: return in.fixed<std::uint8_t>() != 0;
    case 4: return read_texts(in);
    case 5: return timestamp_from_ms(in.fixed<std::int64_t>());
    case 6: return JsonText{std::string(in.string())};
    default: in.take(in.remaining() + 1); return {};
  }
}

}  // namespace

std::string encode_event_value(const Event& event) {
  const std::size_t size = event.id.size() + event.user.size() + event.session.size() + event.item.size() +
                           event.type.size() + event.request.size() + event.props.size() + 24;
  return encode(size, [&](ByteWriter& out) {
    out.string(event.id);
    out.string(event.user);
    out.string(event.session);
    out.string(event.item);
    out.string(event.type);
    out.fixed(event.value);
    out.string(event.request);
    out.string(event.props);
  });
}

std::optional<Event> decode_event_value(std::string_view bytes, Timestamp time) {
  return decode(bytes, Event{}, [&](ByteReader& in, Event& event) {
    event.id = in.string();
    event.user = in.string();
    event.session = in.string();
    event.item = in.string();
    event.type = in.string();
    event.value = in.fixed<float>();
    event.request = in.string();
    event.props = in.string();
    event.time = time;
  });
}

std::string encode_served_list(const ServedList& list) {
  return encode(64 + 20 * list.entries.size(), [&](ByteWriter& out) {
    out.string(list.request);
    out.string(list.page_of);
    out.string(list.placement);
    out.string(list.arm);
    out.string(list.policy);
    out.varint(list.model);
    out.varint(list.entries.size());
    std::uint64_t explored = 0;
    for (const auto& entry : list.entries) {
      out.string(entry.item);
      out.fixed(entry.score);
      explored += entry.propensity != 1 ? 1 : 0;
    }
    out.varint(explored);
    for (std::size_t i = 0; i < list.entries.size(); ++i) {
      if (list.entries[i].propensity == 1) continue;
      out.varint(i);
      out.fixed(list.entries[i].propensity);
    }
  });
}

std::optional<ServedList> decode_served_list(std::string_view bytes) {
  return decode(bytes, ServedList{}, [](ByteReader& in, ServedList& list) {
    list.request = in.string();
    list.page_of = in.string();
    list.placement = in.string();
    list.arm = in.string();
    list.policy = in.string();
    list.model = in.varint();
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      std::string item(in.string());
      list.entries.push_back({std::move(item), in.fixed<float>()});
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const std::uint64_t place = in.varint();
      const auto propensity = in.fixed<float>();
      if (place < list.entries.size()) {
        list.entries[place].propensity = propensity;
      } else {
        in.take(in.remaining() + 1);  // spoils it
      }
    }
  });
}

std::string encode_item(const Item& item) {
  std::string bytes;
  bytes.reserve(item.title.size() + item.text.size() + 96);
  ByteWriter out(bytes);
  out.fixed(kItemVersion);
  out.string(item.item);
  out.string(item.title);
  out.string(item.text);
  write_texts(out, item.categories);
  out.fixed(item.price.value_or(kNoPrice));
  out.fixed(static_cast<std::uint8_t>(item.available));
  out.fixed(to_ms(item.time));
  out.varint(item.attributes.size());
  for (const Attribute& attribute : item.attributes) {
    out.string(attribute.name);
    write_value(out, attribute.value);
  }
  out.varint(item.vectors.size());
  for (const ItemVector& vector : item.vectors) {
    out.string(vector.name);
    out.array(std::span(vector.values));
  }
  out.varint(item.relations.size());
  for (const ItemRelation& relation : item.relations) {
    out.string(relation.name);
    write_texts(out, relation.targets);
  }
  return bytes;
}

std::optional<Item> decode_item(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version != kItemVersion && version != kValueVersion) return std::nullopt;
  Item item;
  item.item = in.string();
  item.title = in.string();
  item.text = in.string();
  item.categories = read_texts(in);
  const auto price = in.fixed<double>();
  item.available = in.fixed<std::uint8_t>() != 0;
  item.time = timestamp_from_ms(in.fixed<std::int64_t>());
  if (version == kValueVersion) {
    item.price = price;
    if (const auto text = in.string(); !text.empty()) item.attributes = {{"", JsonText{std::string(text)}}};
  } else {
    if (!std::isnan(price)) item.price = price;
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      std::string name(in.string());
      item.attributes.push_back({std::move(name), read_value(in)});
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      std::string name(in.string());
      item.vectors.push_back({std::move(name), in.array<float>()});
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      std::string name(in.string());
      item.relations.push_back({std::move(name), read_texts(in)});
    }
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return item;
}

bool is_legacy_item(std::string_view bytes) { return bytes.starts_with(static_cast<char>(kValueVersion)); }

std::string encode_removal(const ItemRemoval& removal) {
  std::string bytes;
  ByteWriter out(bytes);
  out.fixed(kRemovedItem);
  out.fixed(to_ms(removal.arrival));
  out.fixed(removal.partition);
  return bytes;
}

std::optional<ItemRemoval> decode_removal(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != kRemovedItem) return std::nullopt;
  ItemRemoval removal;
  removal.arrival = timestamp_from_ms(in.fixed<std::int64_t>());
  removal.partition = in.fixed<std::int32_t>();
  return in.ok() && in.at_end() ? std::optional(removal) : std::nullopt;
}

bool is_removal(std::string_view bytes) { return bytes.starts_with(static_cast<char>(kRemovedItem)); }

std::string encode_dedupe(const DedupeValue& value) {
  return encode(21, [&](ByteWriter& out) {
    out.fixed(to_ms(value.arrival));
    out.fixed(value.position.partition);
    out.fixed(value.position.offset);
  });
}

std::optional<DedupeValue> decode_dedupe(std::string_view bytes) {
  return decode(bytes, DedupeValue{}, [](ByteReader& in, DedupeValue& value) {
    value.arrival = timestamp_from_ms(in.fixed<std::int64_t>());
    value.position.partition = in.fixed<std::int32_t>();
    value.position.offset = in.fixed<std::int64_t>();
  });
}

std::string encode_journal_value(const JournalRecord& record) {
  if (record.erased) {
    std::string bytes;
    ByteWriter out(bytes);
    out.fixed(kErasedRecord);
    out.fixed(to_ms(record.arrival));
    return bytes;
  }
  return encode(record.key.size() + record.value.size() + 16, [&](ByteWriter& out) {
    out.fixed(to_ms(record.arrival));
    out.string(record.key);
    out.string(record.value);
  });
}

std::optional<JournalRecord> decode_journal_value(std::string_view bytes, std::int64_t offset) {
  JournalRecord initial;
  initial.offset = offset;
  if (bytes.starts_with(static_cast<char>(kErasedRecord))) {
    ByteReader in(bytes.substr(1));
    initial.arrival = timestamp_from_ms(in.fixed<std::int64_t>());
    initial.erased = true;
    return in.ok() && in.at_end() ? std::optional(std::move(initial)) : std::nullopt;
  }
  return decode(bytes, std::move(initial), [](ByteReader& in, JournalRecord& record) {
    record.arrival = timestamp_from_ms(in.fixed<std::int64_t>());
    record.key = in.string();
    record.value = in.string();
  });
}

std::string encode_link(Timestamp time) {
  return encode(9, [&](ByteWriter& out) { out.fixed(to_ms(time)); });
}

std::optional<Timestamp> decode_link(std::string_view bytes) {
  return decode(bytes, Timestamp{},
                [](ByteReader& in, Timestamp& time) { time = timestamp_from_ms(in.fixed<std::int64_t>()); });
}

std::string encode_erasure(const Erasure& erasure) {
  return encode(64, [&](ByteWriter& out) {
    write_owner(out, erasure.owner);
    // None or one are as 0.1.0 wrote them.
    out.fixed(static_cast<std::uint8_t>(std::min<std::size_t>(erasure.before.size(), kManyRecords)));
    if (erasure.before.size() >= kManyRecords) out.varint(erasure.before.size());
    for (const auto& [partition, end] : erasure.before) {
      out.fixed(partition);
      out.fixed(end - 1);  // the offset of the erase record
    }
    out.varint(erasure.touched.size());
    for (const Owner& owner : erasure.touched) write_owner(out, owner);
  });
}

std::optional<Erasure> decode_erasure(std::string_view bytes) {
  return decode(bytes, Erasure{}, [](ByteReader& in, Erasure& erasure) {
    erasure.owner = read_owner(in);
    std::uint64_t records = in.fixed<std::uint8_t>();
    if (records == kManyRecords) records = in.varint();
    for (; records > 0 && in.ok(); --records) {
      const auto partition = in.fixed<std::int32_t>();
      erasure.before[partition] = std::clamp<std::int64_t>(in.fixed<std::int64_t>(), -1, kMaxOffset) + 1;
    }
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) erasure.touched.insert(read_owner(in));
  });
}

std::string encode_rejected(const RejectedRecord& record) {
  return encode(record.key.size() + record.value.size() + record.reason.size() + 32, [&](ByteWriter& out) {
    out.fixed(to_ms(record.arrival));
    out.string(record.reason);
    out.string(record.key);
    out.string(record.value);
    out.varint(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      out.string(name);
      out.string(value);
    }
  });
}

std::optional<RejectedRecord> decode_rejected(std::string_view bytes, const Position& position) {
  RejectedRecord initial;
  initial.position = position;
  return decode(bytes, std::move(initial), [](ByteReader& in, RejectedRecord& record) {
    record.arrival = timestamp_from_ms(in.fixed<std::int64_t>());
    record.reason = in.string();
    record.key = in.string();
    record.value = in.string();
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      std::string name(in.string());
      record.headers.emplace_back(std::move(name), in.string());
    }
  });
}

}  // namespace freshet::store

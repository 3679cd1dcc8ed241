// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/event_decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/take.h"
#include "ingest/codec/item_fields.h"
#include "ingest/codec/json_members.h"
#include "ingest/codec/member_texts.h"
#include "ingest/codec/served_decoder.h"
#include "ingest/codec/served_encoder.h"

namespace freshet::ingest {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kUsualBytes = 4096;  // few records are longer

/// An event while its members are being read.
struct Draft {
  Event event;
  std::optional<Timestamp> time;
  bool scoped = false;            // "$scope" is given
  std::optional<element> served;  // the value of kServedMember
  unsigned seen = 0;              // one bit per member of kMembers
};

bool read_type(const element& value, std::string& out, Fault& fault) {
  if (!value.is_string()) return fail(fault, "type", "expected a string");
  out = std::string_view(value.get_string().value_unsafe());
  if (out.empty()) return fail(fault, "type", "must not be empty");
  return check_length(out.size(), kMaxIdBytes, "type", fault);
}

bool read_value(const element& value, float& out, Fault& fault) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) return fail(fault, "value", "expected a number");
  // Refuses values that would become an infinite float too.
  const auto rounded = static_cast<float>(std::clamp(number, -1e39, 1e39));
  if (!std::isfinite(rounded)) return fail(fault, "value", "too large for a 32-bit float");
  out = rounded;
  return true;
}

/// `text` is how the producer wrote it: numbers and repeated members are kept as they are, only white space is removed.
bool read_props(const element& value, std::string_view text, std::string& out, Fault& fault) {
  object members;
  if (value.get(members) != simdjson::SUCCESS) return fail(fault, "props", "expected an object");
  if (members.size() == 0) return true;
  out = minified(text);
  return check_length(out.size(), kMaxPropsBytes, "props", fault);
}

bool read_consent(const element& value, bool& out, Fault& fault) {
  return value.get(out) == simdjson::SUCCESS || fail(fault, "consent", "expected true or false");
}

bool is_partition(const element& value) {
  std::string_view scope;
  return value.get(scope) == simdjson::SUCCESS && scope == "partition";
}

constexpr std::array<std::string_view, 12> kMembers{"user",  "item",    "ts",    "type",    "session", "id",
                                                    "value", "request", "props", "consent", "$scope",  kServedMember};

/// One member of the event object. Unknown members are ignored, so that producers may use a newer format. Null means
/// absent. A duplicate member is refused, since it is ambiguous. `text_of()`: the member's value as it was written.
template <typename TextOf>
bool read_member(std::string_view name, const element& value, TextOf text_of, Draft& draft, Fault& fault) {
  const auto known = std::ranges::find(kMembers, name);
  if (known == kMembers.end()) return true;
  const unsigned bit = 1U << (known - kMembers.begin());
  if ((draft.seen & bit) != 0) return fail(fault, name, "given twice");
  draft.seen |= bit;
  if (value.is_null()) return true;
  Event& event = draft.event;
  if (name == "user") return read_id(value, name, event.user, fault);
  if (name == "item") return read_id(value, name, event.item, fault);
  if (name == "session") return read_id(value, name, event.session, fault);
  if (name == "id") return read_id(value, name, event.id, fault);
  if (name == "request") return read_id(value, name, event.request, fault);
  if (name == "ts") return read_time(value, name, draft.time, fault);
  if (name == "type") return read_type(value, event.type, fault);
  if (name == "value") return read_value(value, event.value, fault);
  if (name == "consent") return read_consent(value, event.consent, fault);
  if (name == kServedMember) {
    draft.served = value;
    return true;
  }
  if (name == "$scope") {
    draft.scoped = true;
    event.partition_only = is_partition(value);
    return true;
  }
  return read_props(value, text_of(), event.props, fault);
}

/// The attributes of a CloudEvent's envelope that freshet uses.
struct Envelope {
  std::string_view specversion, id, source, time;
};

/// Sets `binary` if there is a header "ce_specversion": binary mode.
bool read_headers(const RecordHeaders& headers, std::optional<Envelope>& binary, Fault& fault) {
  struct Attribute {
    std::string_view header;
    std::string_view Envelope::*member;
  };
  static constexpr std::array<Attribute, 4> kAttributes{{{"ce_specversion", &Envelope::specversion},
                                                         {"ce_id", &Envelope::id},
                                                         {"ce_source", &Envelope::source},
                                                         {"ce_time", &Envelope::time}}};
  Envelope envelope;
  std::string_view twice;
  unsigned seen = 0;
  for (const auto& [name, text] : headers) {
    const auto* const known = std::ranges::find(kAttributes, name, &Attribute::header);
    if (known == kAttributes.end()) continue;  // not an attribute, and possibly not text
    if (!simdjson::validate_utf8(text)) return fail(fault, name, "not valid UTF-8");
    const unsigned bit = 1U << (known - kAttributes.begin());
    if ((seen & bit) != 0) twice = known->header;
    seen |= bit;
    envelope.*known->member = text;
  }
  if ((seen & 1U) == 0) return true;
  binary = envelope;
  return twice.empty() || fail(fault, twice, "given twice");
}

bool read_sender(const element& value, std::string& out, Fault& fault) {
  if (value.is_null()) return true;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return fail(fault, kSenderMember, "expected a string");
  out = text;
  return check_length(out.size(), kMaxSenderBytes, kSenderMember, fault);
}

/// The members of a record that are not members of its event. Those of a CloudEvent in structured mode have a meaning
/// only if it is one.
struct Record {
  std::string sender;
  bool is_cloud_event = false;  ///< it has a "specversion"; null means absent
  Envelope envelope;
  std::optional<element> data;
  std::size_t data_index = 0;  ///< of "data" among the members
  std::string_view twice;      ///< a member of a CloudEvent that is given twice; empty: none is
};

/// A member of the envelope that has another type than text counts as missing.
bool read_record(const object& fields, Record& record, Fault& fault) {
  static constexpr std::array<std::string_view, 6> kNames{"specversion", "id", "source", "time", "data", kSenderMember};
  static constexpr std::size_t kData = 4, kSender = 5;
  const std::array<std::string_view*, kData> texts{&record.envelope.specversion, &record.envelope.id,
                                                   &record.envelope.source, &record.envelope.time};
  unsigned seen = 0;
  std::size_t index = 0;
  for (const auto [name, value] : fields) {
    const auto known = static_cast<std::size_t>(std::ranges::find(kNames, name) - kNames.begin());
    const bool again = known < kNames.size() && (seen >> known & 1U) != 0;
    if (known < kNames.size()) seen |= 1U << known;
    if (known == kSender) {
      if (again) return fail(fault, kSenderMember, "freshet adds it to each event, and it is there already");
      if (!read_sender(value, record.sender, fault)) return false;
    } else if (known < kNames.size()) {
      if (again) record.twice = kNames[known];
      if (known == kData) {
        record.data = value;
        record.data_index = index;
      } else if (value.get(*texts[known]) != simdjson::SUCCESS) {
        *texts[known] = {};
      }
      record.is_cloud_event |= known == 0 && !value.is_null();
    }
    ++index;
  }
  return true;
}

/// `prefix` is for messages: attributes are members of the object in structured mode, and headers that start with "ce_"
/// in binary mode.
bool check_envelope(const Envelope& envelope, std::string_view prefix, Fault& fault) {
  const auto field = [&](std::string_view name) { return std::string(prefix).append(name); };
  if (envelope.specversion != "1.0") {
    return fail(fault, field("specversion"), "\"" + clip(envelope.specversion) + "\" is not \"1.0\" (CloudEvents)");
  }
  if (envelope.id.empty()) return fail(fault, field("id"), "missing (CloudEvents)");
  if (envelope.source.empty()) return fail(fault, field("source"), "missing (CloudEvents)");
  return true;
}

/// Id and time of the envelope apply if the event itself has none.
bool apply_envelope(const Envelope& envelope, Draft& draft, Fault& fault) {
  Event& event = draft.event;
  if (event.id.empty()) {
    event.id.assign(envelope.source).append("/").append(envelope.id);
    if (event.id.size() > kMaxIdBytes) return fail(fault, "id", "CloudEvents source and id are too long together");
  }
  if (draft.time || envelope.time.empty()) return true;
  return read_rfc3339(envelope.time, "time", draft.time, fault);
}

/// A record of a list has no other member of events.
bool take_served_list(Draft& draft, Fault& fault) {
  if (std::popcount(draft.seen) > 1) return fail(fault, kServedMember, "expected no other member of an event");
  return read_served_list(*draft.served, draft.event, draft.time, fault);
}

bool check_not_ours(std::string_view type, Fault& fault) {
  if (!type.starts_with('$')) return true;
  return fail(fault, "type", "\"" + clip(type) + "\" begins with '$', which is freshet's own");
}

}  // namespace

struct EventDecoder::Impl {
  explicit Impl(const DecodeOptions& the_options)
      : options(the_options), types(options.types.begin(), options.types.end()) {
    FRESHET_CHECK(parser.allocate(kUsualBytes, kMaxDepth) == simdjson::SUCCESS);  // grows with longer records
  }

  bool parse(std::string_view value, object& fields, Fault& fault);
  bool decode(const object& fields, const RecordHeaders& headers, Draft& draft, Fault& fault);
  bool finish(Draft& draft, std::size_t bytes, Timestamp arrival, Fault& fault) const;
  bool check_type(std::string_view type, Fault& fault) const;
  bool check_time(const Event& event, Timestamp arrival, std::string_view field, Fault& fault) const;

  const DecodeOptions options;
  const std::unordered_set<std::string_view> types;  // of `options`
  simdjson::dom::parser parser;
  std::string padded;
};

EventDecoder::EventDecoder(const DecodeOptions& options) : impl_(std::make_unique<Impl>(options)) {}
EventDecoder::~EventDecoder() = default;

bool EventDecoder::Impl::parse(std::string_view value, object& fields, Fault& fault) {
  std::size_t most = options.max_record_bytes;
  // Items and lists may have longer records than events.
  static_assert(kMaxServedRecordBytes == kMaxItemRecordBytes);
  if (value.size() > most &&
      (value.find(kItemType) != std::string_view::npos || value.find(kServedMember) != std::string_view::npos)) {
    most = std::max(most, kMaxItemRecordBytes);
  }
  return check_length(value.size(), most, "record", fault) && parse_object(parser, value, padded, fields, fault);
}

/// Finds the event in the record: the object itself, or the data of a CloudEvent.
bool EventDecoder::Impl::decode(const object& fields, const RecordHeaders& headers, Draft& draft, Fault& fault) {
  const auto read_all = [&](const object& members, std::string_view written) {
    std::size_t index = 0;
    for (const auto [name, value] : members) {
      const auto text_of = [&] { return MemberTexts(written).at(index); };
      if (!read_member(name, value, text_of, draft, fault)) return false;
      ++index;
    }
    if (draft.served) return take_served_list(draft, fault);
    if (draft.event.type != kItemType) return true;
    ItemChange change;
    if (!read_item_record(members, written, &options.vectors, change, fault)) return false;
    draft.event = item_event(std::move(change), {});
    return true;
  };
  const std::string_view text = json_of(padded);
  Record record;
  if (!read_record(fields, record, fault)) return false;
  draft.event.sender = std::move(record.sender);
  std::optional<Envelope> binary;
  if (!read_headers(headers, binary, fault)) return false;
  if (binary) {
    return check_envelope(*binary, "ce_", fault) && read_all(fields, text) && apply_envelope(*binary, draft, fault);
  }

  if (!record.is_cloud_event) return read_all(fields, text);
  if (!record.twice.empty()) return fail(fault, record.twice, "given twice");
  if (!check_envelope(record.envelope, "", fault)) return false;
  object data;
  if (!record.data || record.data->get(data) != simdjson::SUCCESS)
    return fail(fault, "data", "expected an object (CloudEvents)");
  return read_all(data, MemberTexts(text).at(record.data_index)) && apply_envelope(record.envelope, draft, fault);
}

bool EventDecoder::Impl::check_type(std::string_view type, Fault& fault) const {
  if (!check_not_ours(type, fault)) return false;
  if (types.empty() || types.contains(type)) return true;
  std::string known;
  for (const std::string& one : options.types) known += (known.empty() ? "" : ", ") + one;
  return fail(fault, "type", "\"" + clip(type) + "\" is not one of " + known);
}

/// Checks that need all members of the event. `bytes`: of the record.
bool EventDecoder::Impl::finish(Draft& draft, std::size_t bytes, Timestamp arrival, Fault& fault) const {
  Event& event = draft.event;
  event.time = draft.time.value_or(arrival);
  if (event.kind == EventKind::item) {
    event.time = arrival;
    event.id.clear();  // of a CloudEvent
    return true;
  }
  if (event.kind == EventKind::served) {
    event.id.clear();  // of a CloudEvent
    event.sender.clear();
    return check_time(event, arrival, "time", fault);
  }
  if (!check_length(bytes, options.max_record_bytes, "record", fault)) return false;
  if (event.user.empty() && event.session.empty()) return fail(fault, "user", "missing (and no session)");
  if (event.type == kEraseType) {
    event.kind = EventKind::erase;
    event.item.clear();
    if (draft.scoped && !event.partition_only) return fail(fault, "$scope", "expected \"partition\"");
  } else {
    if (event.item.empty()) return fail(fault, "item", "missing");
    event.partition_only = false;
    if (!check_type(event.type, fault)) return false;
  }
  return check_time(event, arrival, "ts", fault);
}

bool EventDecoder::Impl::check_time(const Event& event, Timestamp arrival, std::string_view field, Fault& fault) const {
  if (event.time <= arrival + options.max_future_skew) return true;
  return fail(fault, field,
              format_rfc3339(event.time) + " is more than " + std::to_string(options.max_future_skew.count()) +
                  " s after arrival at " + format_rfc3339(arrival));
}

Result<Event> EventDecoder::decode(std::string_view value, const RecordHeaders& headers, Timestamp arrival) {
  Draft draft;
  Fault fault;
  object fields;
  if (impl_->parse(value, fields, fault) && impl_->decode(fields, headers, draft, fault) &&
      impl_->finish(draft, value.size(), arrival, fault)) {
    impl_->options.pseudonyms.replace_in(draft.event);
    return std::move(draft.event);
  }
  return Error{Errc::invalid, std::move(fault)};
}

Result<void> EventDecoder::check_type(std::string_view type) const {
  Fault fault;
  if (check_text(type, "type", fault) && impl_->check_type(type, fault)) return {};
  return Error{Errc::invalid, std::move(fault)};
}

Event item_event(ItemChange change, Timestamp arrival) {
  Event event;
  event.kind = EventKind::item;
  event.item = change.item.item;
  event.type = kItemType;
  event.time = arrival;
  event.change = SharedItemChange(std::move(change));
  return event;
}

Result<void> check_texts(const Event& event) {
  Fault fault;
  if (check_text(event.id, "id", fault) && check_text(event.user, "user", fault) &&
      check_text(event.session, "session", fault) && check_text(event.item, "item", fault) &&
      check_text(event.type, "type", fault) && check_text(event.request, "request", fault) &&
      check_text(event.sender, kSenderMember, fault, kMaxSenderBytes) && check_not_ours(event.type, fault)) {
    return {};
  }
  return Error{Errc::invalid, std::move(fault)};
}

}  // namespace freshet::ingest

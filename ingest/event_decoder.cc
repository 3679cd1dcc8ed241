#include "ingest/event_decoder.h"

#include <simdjson.h>

#include <cmath>
#include <limits>

#include "base/log.h"

namespace freshet::ingest {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr std::string_view kEraseType = "$erase";
constexpr std::int64_t kMaxTimeMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

/// Why a record is refused: built up by whoever finds the first fault.
struct Fault {
  std::string message;
};

[[nodiscard]] bool fail(Fault& fault, std::string_view field, std::string_view expected) {
  fault.message = std::string(field) + ": " + std::string(expected);
  return false;
}

/// An id: a string, or an integer (shops have integer ids) as its decimal text.
bool read_id(const element& value, std::string_view field, std::string& out, Fault& fault) {
  if (value.is_string()) {
    out = std::string_view(value.get_string().value_unsafe());
  } else if (value.is_int64()) {
    out = std::to_string(value.get_int64().value_unsafe());
  } else if (value.is_uint64()) {
    out = std::to_string(value.get_uint64().value_unsafe());
  } else if (value.is_null()) {
    out.clear();
    return true;
  } else {
    return fail(fault, field, "expected a string or an integer");
  }
  if (out.empty()) return fail(fault, field, "must not be empty");
  if (out.size() > kMaxIdBytes) {
    return fail(fault, field, std::to_string(out.size()) + " bytes long, at most " + std::to_string(kMaxIdBytes));
  }
  return true;
}

bool check_time(Timestamp time, Timestamp arrival, std::chrono::seconds max_skew, Fault& fault) {
  if (time <= arrival + max_skew) return true;
  return fail(fault, "ts", format_rfc3339(time) + " is in the future: more than " + std::to_string(max_skew.count()) +
                               " s after arrival at " + format_rfc3339(arrival));
}

bool read_time(const element& value, Timestamp& out, Fault& fault) {
  constexpr std::string_view kExpected = "expected RFC 3339 text or integer milliseconds since 1970";
  if (value.is_string()) {
    const auto time = parse_rfc3339(value.get_string().value_unsafe());
    if (!time) return fail(fault, "ts", kExpected);
    out = *time;
    return true;
  }
  std::int64_t ms = 0;
  if (value.get(ms) != simdjson::SUCCESS) return fail(fault, "ts", kExpected);
  if (ms < 0 || ms > kMaxTimeMs) return fail(fault, "ts", "outside of the years 1970 to 9999");
  out = timestamp_from_ms(ms);
  return true;
}

bool read_value(const element& value, float& out, Fault& fault) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) return fail(fault, "value", "expected a number");
  if (!std::isfinite(number) || std::abs(number) > std::numeric_limits<float>::max()) {
    return fail(fault, "value", "expected a finite number");
  }
  out = static_cast<float>(number);
  return true;
}

bool read_props(const element& value, std::string& out, Fault& fault) {
  if (!value.is_object()) return fail(fault, "props", "expected an object");
  out = simdjson::minify(value);
  if (out == "{}") out.clear();
  if (out.size() > kMaxPropsBytes) {
    return fail(fault, "props", std::to_string(out.size()) + " bytes long, at most " + std::to_string(kMaxPropsBytes));
  }
  return true;
}

/// One member of the event object; unknown ones are ignored, so that producers may be newer than we are.
bool read_member(std::string_view name, const element& value, Event& event, bool& has_time, Fault& fault) {
  if (name == "item") return read_id(value, name, event.item, fault);
  if (name == "user") return read_id(value, name, event.user, fault);
  if (name == "session") return read_id(value, name, event.session, fault);
  if (name == "id") return read_id(value, name, event.id, fault);
  if (name == "request") return read_id(value, name, event.request, fault);
  if (value.is_null()) return true;
  if (name == "type") {
    if (!value.is_string()) return fail(fault, "type", "expected a string");
    event.type = std::string_view(value.get_string().value_unsafe());
    return true;
  }
  if (name == "ts") return has_time = true, read_time(value, event.time, fault);
  if (name == "value") return read_value(value, event.value, fault);
  if (name == "props") return read_props(value, event.props, fault);
  return true;
}

/// The envelope attributes of a CloudEvent that an event takes over.
struct Envelope {
  std::string id, source, time;
};

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[(c >> 4) & 0xF];
      out += kHex[c & 0xF];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out += out.size() == 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

}  // namespace

struct EventDecoder::Impl {
  explicit Impl(const DecodeOptions& the_options)
      : options(the_options), types(options.types.begin(), options.types.end()) {}

  bool decode_object(const object& fields, Timestamp arrival, const Envelope& envelope, Event& event, Fault& fault);
  bool decode_structured(const object& fields, Timestamp arrival, Event& event, Fault& fault);
  bool parse(std::string_view value, object& fields, Fault& fault);

  const DecodeOptions options;
  const std::unordered_set<std::string> types;
  simdjson::dom::parser parser;
  std::string padded;
};

EventDecoder::EventDecoder(const DecodeOptions& options) : impl_(std::make_unique<Impl>(options)) {}
EventDecoder::~EventDecoder() = default;

bool EventDecoder::Impl::parse(std::string_view value, object& fields, Fault& fault) {
  if (value.size() > options.max_record_bytes) {
    fault.message = "record of " + std::to_string(value.size()) + " bytes, at most " +
                    std::to_string(options.max_record_bytes);
    return false;
  }
  // simdjson reads beyond the end in whole registers.
  padded.assign(value);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  element root;
  if (const auto error = parser.parse(padded.data(), value.size(), false).get(root)) {
    fault.message = error == simdjson::UTF8_ERROR ? std::string("not valid UTF-8")
                                                  : std::string("not valid JSON: ") + simdjson::error_message(error);
    return false;
  }
  if (root.get(fields) != simdjson::SUCCESS) {
    fault.message = "not a JSON object";
    return false;
  }
  return true;
}

bool EventDecoder::Impl::decode_object(const object& fields, Timestamp arrival, const Envelope& envelope, Event& event,
                                       Fault& fault) {
  bool has_time = false;
  event.type.clear();
  for (const auto [name, value] : fields) {
    if (!read_member(name, value, event, has_time, fault)) return false;
  }
  if (event.id.empty() && !envelope.id.empty()) event.id = envelope.source + "/" + envelope.id;
  if (event.id.size() > kMaxIdBytes) return fail(fault, "id", "CloudEvents source and id are too long together");
  if (!has_time && !envelope.time.empty()) {
    const auto time = parse_rfc3339(envelope.time);
    if (!time) return fail(fault, "time", "expected RFC 3339 text");
    event.time = *time;
    has_time = true;
  }
  if (!has_time) event.time = arrival;
  if (event.user.empty() && event.session.empty()) return fail(fault, "user", "missing (and no session)");
  if (event.type == kEraseType) {
    event.kind = EventKind::erase;
    event.item.clear();
    return true;
  }
  if (event.item.empty()) return fail(fault, "item", "missing");
  if (event.type.empty()) event.type = "view";
  if (!types.contains(event.type)) {
    std::string known;
    for (const std::string& type : options.types) known += (known.empty() ? "" : ", ") + type;
    return fail(fault, "type", "\"" + event.type.substr(0, 64) + "\" is not one of " + known);
  }
  return check_time(event.time, arrival, options.max_future_skew, fault);
}

/// CloudEvents 1.0, structured mode: the event is in "data".
bool EventDecoder::Impl::decode_structured(const object& fields, Timestamp arrival, Event& event, Fault& fault) {
  Envelope envelope;
  const auto text = [&](const char* name, std::string& out, bool required) {
    std::string_view value;
    if (fields[name].get(value) != simdjson::SUCCESS || value.empty()) {
      return !required || fail(fault, name, "missing (CloudEvents)");
    }
    out = value;
    return true;
  };
  if (!text("id", envelope.id, true) || !text("source", envelope.source, true) || !text("time", envelope.time, false)) {
    return false;
  }
  object data;
  if (fields["data"].get(data) != simdjson::SUCCESS) return fail(fault, "data", "expected an object (CloudEvents)");
  return decode_object(data, arrival, envelope, event, fault);
}

Result<Event> EventDecoder::decode(std::string_view value, const Headers& headers, Timestamp arrival) {
  Envelope envelope;
  bool binary = false;
  for (const auto& [name, text] : headers) {
    if (name == "ce_specversion") binary = true;
    if (name == "ce_id") envelope.id = text;
    if (name == "ce_source") envelope.source = text;
    if (name == "ce_time") envelope.time = text;
  }
  if (!binary) envelope = {};

  Event event;
  Fault fault;
  object fields;
  bool decoded = impl_->parse(value, fields, fault);
  if (decoded) {
    element version;
    decoded = !binary && fields["specversion"].get(version) == simdjson::SUCCESS
                  ? impl_->decode_structured(fields, arrival, event, fault)
                  : impl_->decode_object(fields, arrival, envelope, event, fault);
  }
  if (!decoded) return Error{Errc::invalid, std::move(fault.message)};
  return event;
}

std::string encode_event(const Event& event) {
  std::string out = "{";
  append_member(out, "id", event.id);
  append_member(out, "user", event.user);
  append_member(out, "session", event.session);
  append_member(out, "item", event.item);
  append_member(out, "type", event.kind == EventKind::erase ? kEraseType : std::string_view(event.type));
  out += ",\"ts\":" + std::to_string(to_ms(event.time));
  char number[32];
  const auto length = std::snprintf(number, sizeof number, "%.9g", static_cast<double>(event.value));
  out += ",\"value\":";
  out.append(number, static_cast<std::size_t>(length));
  append_member(out, "request", event.request);
  if (!event.props.empty()) out += ",\"props\":" + event.props;
  out += '}';
  return out;
}

std::string encode_erase(const Owner& owner) {
  std::string out = "{";
  append_member(out, "type", kEraseType);
  append_member(out, owner.kind == Owner::Kind::user ? "user" : "session", owner.id);
  return out + '}';
}

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The end of the JSON value that starts at `at`, judged by brackets and strings only: what is inside is the decoder's
/// to check. npos if it does not end.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of what is around it
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || c == '\n')) return at;
  }
  return depth == 0 && !in_string ? text.size() : std::string_view::npos;
}

Error bad_body(std::string_view what, std::size_t at) {
  return {Errc::invalid, "not JSON: " + std::string(what) + " at byte " + std::to_string(at)};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// "[a, b, c]", starting behind the bracket.
Result<std::vector<std::string_view>> split_array(std::string_view body, std::size_t at) {
  std::vector<std::string_view> events;
  const auto skip_space = [&] {
    while (at < body.size() && is_space(body[at])) ++at;
  };
  skip_space();
  bool more = at == body.size() || body[at] != ']';
  if (!more) ++at;
  while (more) {
    skip_space();
    const std::size_t end = at < body.size() ? end_of_value(body, at) : std::string_view::npos;
    if (end == std::string_view::npos) return bad_body("the array does not end", body.size());
    if (end == at) return bad_body("a value is missing", at);
    events.push_back(trim(body.substr(at, end - at)));
    at = end;
    skip_space();
    if (at == body.size() || (body[at] != ',' && body[at] != ']')) return bad_body("expected ',' or ']'", at);
    more = body[at++] == ',';
  }
  skip_space();
  if (at < body.size()) return bad_body("more after the array", at);
  return events;
}

}  // namespace

Result<std::vector<std::string_view>> split_events(std::string_view body) {
  std::size_t at = 0;
  while (at < body.size() && is_space(body[at])) ++at;
  if (at == body.size()) return Error{Errc::invalid, "the body is empty"};
  if (body[at] == '[') return split_array(body, at + 1);
  if (body[at] != '{') return bad_body("expected an event object, an array of them, or NDJSON", at);

  // One object, or NDJSON: objects one after another.
  std::vector<std::string_view> events;
  while (at < body.size()) {
    const std::size_t end = end_of_value(body, at);
    if (end == std::string_view::npos) return bad_body("an object does not end", body.size());
    if (end == at) return bad_body("expected an object", at);
    events.push_back(trim(body.substr(at, end - at)));
    at = end;
    while (at < body.size() && is_space(body[at])) ++at;
  }
  return events;
}

}  // namespace freshet::ingest

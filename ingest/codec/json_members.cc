// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/json_members.h"

#include "base/check.h"
#include "base/event.h"
#include "base/take.h"

namespace freshet::ingest {
namespace {

std::string_view describe(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY: return "the record is empty";
    case simdjson::UTF8_ERROR: return "not valid UTF-8";
    case simdjson::DEPTH_ERROR: return "not valid JSON: nested too deeply";
    case simdjson::NUMBER_ERROR: return "not valid JSON: a number that is malformed or too large";
    case simdjson::STRING_ERROR: return "not valid JSON: a malformed escape in a string";
    case simdjson::UNCLOSED_STRING: return "not valid JSON: a string does not end";
    case simdjson::UNESCAPED_CHARS: return "not valid JSON: an unescaped control character in a string";
    default: return "not valid JSON";
  }
}

}  // namespace

bool fail(Fault& fault, std::string_view field, std::string_view what) {
  fault.assign(field).append(": ").append(what);
  return false;
}

std::string clip(std::string_view text) {
  constexpr std::size_t kShown = 64;
  if (text.size() <= kShown) return std::string(text);
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

bool check_length(std::size_t bytes, std::size_t limit, std::string_view field, Fault& fault) {
  if (bytes <= limit) return true;
  return fail(fault, field, std::to_string(bytes) + " bytes long, at most " + std::to_string(limit));
}

bool read_id(const simdjson::dom::element& value, std::string_view field, std::string& out, Fault& fault) {
  if (value.is_string()) {
    out = std::string_view(value.get_string().value_unsafe());
  } else if (value.is_int64()) {
    out = std::to_string(value.get_int64().value_unsafe());
  } else if (value.is_uint64()) {
    out = std::to_string(value.get_uint64().value_unsafe());
  } else {
    return fail(fault, field, "expected a string or an integer");
  }
  if (out.empty()) return fail(fault, field, "must not be empty");
  return check_length(out.size(), kMaxIdBytes, field, fault);
}

bool read_rfc3339(std::string_view text, std::string_view field, std::optional<Timestamp>& out, Fault& fault) {
  out = parse_rfc3339(text);
  if (out) return true;
  return fail(fault, field, "\"" + clip(text) + "\" is not an RFC 3339 time between the years 1970 and 9999");
}

bool read_time(const simdjson::dom::element& value, std::string_view field, std::optional<Timestamp>& out,
               Fault& fault) {
  if (value.is_string()) return read_rfc3339(value.get_string().value_unsafe(), field, out, fault);
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS) {
    return fail(fault, field, "expected RFC 3339 text, or milliseconds or seconds since 1970");
  }
  out = parse_time_number(number);
  return out || fail(fault, field, "outside of the years 1970 to 9999");
}

bool check_text(std::string_view text, std::string_view field, Fault& fault, std::size_t limit) {
  if (!simdjson::validate_utf8(text)) return fail(fault, field, "not valid UTF-8");
  return check_length(text.size(), limit, field, fault);
}

bool parse_object(simdjson::dom::parser& parser, std::string_view text, std::string& padded,
                  simdjson::dom::object& members, Fault& fault) {
  take_byte_order_mark(text);
  // simdjson reads whole registers, past the end of the text.
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::dom::element root;
  if (const auto error = parser.parse(padded.data(), text.size(), false).get(root)) {
    fault = describe(error);
    return false;
  }
  if (root.get(members) == simdjson::SUCCESS) return true;
  fault = "not a JSON object";
  return false;
}

std::string_view json_of(std::string_view padded) {
  return padded.substr(0, padded.size() - simdjson::SIMDJSON_PADDING);
}

std::string minified(std::string_view json) {
  std::string out(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t length = 0;
  FRESHET_CHECK(simdjson::minify(json.data(), json.size(), out.data(), length) == simdjson::SUCCESS);
  out.resize(length);
  return out;
}

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/json_number.h"
#include "base/json_text.h"
#include "base/partition_name.h"
#include "base/take.h"

namespace freshet::serve {
namespace {

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::invalid: return 400;
    case Errc::not_found: return 404;
    case Errc::corrupt: return 500;
    case Errc::timed_out: return 504;
    case Errc::overloaded:
    case Errc::unavailable:
    case Errc::shutting_down: return 503;
  }
  return 500;
}

Error bad_field(std::string_view field, std::string_view expected) {
  return {Errc::invalid, std::string(field) + ": " + std::string(expected)};
}

template <typename Integer>
void append_integer(std::string& out, Integer number) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

}  // namespace

/// Adds a comma, unless a bracket or a name precedes. No value ends with one of these characters.
void JsonWriter::separate() {
  if (out_.size() == begin_) return;
  const char last = out_.back();
  if (last != '[' && last != '{' && last != ':') out_ += ',';
}

JsonWriter& JsonWriter::raw(std::string_view value) {
  separate();
  out_ += value;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view text) {
  separate();
  append_json_text(out_, text);
  return *this;
}

JsonWriter& JsonWriter::number(double number) {
  if (!std::isfinite(number)) return raw("null");
  separate();
  append_json_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::number(float number) {
  if (!std::isfinite(number)) return raw("null");
  separate();
  append_json_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return raw("null");
    case json::kind::bool_: return raw(value.get_bool() ? "true" : "false");
    case json::kind::int64: return number(value.get_int64());
    case json::kind::uint64: return number(value.get_uint64());
    case json::kind::double_: return number(value.get_double());
    case json::kind::string: return text(value.get_string());
    case json::kind::array:
      open('[');
      for (const json::value& entry : value.get_array()) this->value(entry);
      return close(']');
    case json::kind::object:
      open('{');
      for (const auto& [field, entry] : value.get_object()) name(field).value(entry);
      return close('}');
  }
  return *this;
}

std::string to_text(const json::value& value) {
  std::string text;
  JsonWriter(text).value(value);
  return text;
}

ApiResponse json_response(const json::value& body, unsigned status) {
  ApiResponse response;
  response.status = status;
  response.body = to_text(body);
  return response;
}

ApiResponse problem(unsigned status, std::string_view detail) {
  ApiResponse response = json_response(
      {{"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"detail", detail}}, status);
  response.content_type = kProblemType;
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

ApiResponse problem(const Error& error) { return problem(status_of(error.code), error.message); }

void write(JsonWriter& out, const Event& event) {
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) out.name(name).text(text);
  };
  out.open('{');
  add("id", event.id);
  add("user", event.user);
  add("session", event.session);
  add("item", event.item);
  add("type", event.type);
  out.name("ts").text(format_rfc3339(event.time));
  out.name("value").number(event.value);
  add("request", event.request);
  if (!event.props.empty()) out.name("props").raw(event.props);
  out.close('}');
}

void write(JsonWriter& out, const Item& item) {
  const auto texts = [&](const std::vector<std::string>& list) {
    out.open('[');
    for (const std::string& one : list) out.text(one);
    out.close(']');
  };
  out.open('{').name("item").text(item.item).name("title").text(item.title).name("text").text(item.text);
  out.name("categories");
  texts(item.categories);
  if (item.price) out.name("price").number(*item.price);
  out.name("available").raw(item.available ? "true" : "false").name("ts").text(format_rfc3339(item.time));
  out.name("attributes").open('{');
  for (const Attribute& attribute : item.attributes) {
    out.name(attribute.name);
    const AttributeValue& value = attribute.value;
    if (const auto* text = std::get_if<std::string>(&value)) out.text(*text);
    if (const auto* number = std::get_if<double>(&value)) out.number(*number);
    if (const auto* truth = std::get_if<bool>(&value)) out.raw(*truth ? "true" : "false");
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) texts(*list);
    if (const auto* time = std::get_if<Timestamp>(&value)) out.text(format_rfc3339(*time));
    if (const auto* json = std::get_if<JsonText>(&value)) out.raw(json->text);
  }
  out.close('}');
  if (!item.vectors.empty()) {
    out.name("vectors").open('{');
    for (const ItemVector& vector : item.vectors) {
      out.name(vector.name).open('[');
      for (const float number : vector.values) out.number(number);
      out.close(']');
    }
    out.close('}');
  }
  if (!item.relations.empty()) {
    out.name("relations").open('{');
    for (const ItemRelation& relation : item.relations) {
      out.name(relation.name);
      texts(relation.targets);
    }
    out.close('}');
  }
  out.close('}');
}

json::object positions_json(const Positions& positions) {
  json::object out;
  for (const auto& [partition, offset] : positions) out.emplace(partition_name(partition), offset);
  return out;
}

Result<std::string> id_from_json(const json::value& value, std::string_view field) {
  std::string id;
  if (value.is_string()) {
    id = value.as_string();
  } else if (value.is_int64()) {
    id = std::to_string(value.as_int64());
  } else if (value.is_uint64()) {
    id = std::to_string(value.as_uint64());
  } else if (value.is_double() && std::trunc(value.as_double()) == value.as_double() &&
             std::abs(value.as_double()) < 9.0e15) {
    id = std::to_string(static_cast<std::int64_t>(value.as_double()));  // 1e3 is an integer too
  } else {
    return bad_field(field, "expected a string or an integer");
  }
  if (id.empty()) return bad_field(field, "must not be empty");
  if (id.size() > kMaxIdBytes) return bad_field(field, "longer than " + std::to_string(kMaxIdBytes) + " bytes");
  return id;
}

}  // namespace freshet::serve

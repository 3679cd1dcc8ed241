#include "serve/routing/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/json_text.h"
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

/// The value of JSON text that an event or item holds.
json::value parsed_or_empty(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text.empty() ? "{}" : text, error);
  return error ? json::value(json::object()) : value;
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text;  // the longest double takes 24
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

Result<std::string> text_field(const json::value& value, std::string_view field) {
  if (!value.is_string()) return bad_field(field, "expected a string");
  return std::string(value.as_string());
}

Result<std::vector<std::string>> categories_field(const json::value& value, std::string_view field) {
  if (!value.is_array()) return bad_field(field, "expected an array of strings");
  std::vector<std::string> categories;
  for (const json::value& entry : value.as_array()) {
    if (!entry.is_string()) return bad_field(field, "expected an array of strings");
    categories.emplace_back(entry.as_string());
  }
  return categories;
}

Result<Timestamp> time_field(const json::value& value, std::string_view field) {
  if (value.is_string()) {
    const auto time = parse_rfc3339(std::string_view(value.as_string()));
    if (time) return *time;
  } else if (value.is_number()) {
    const auto time = parse_time_number(value.to_number<double>());
    if (time) return *time;
  }
  return bad_field(field, "expected RFC 3339 text, or milliseconds or seconds since 1970");
}

Result<bool> bool_field(const json::value& value, std::string_view field) {
  if (!value.is_bool()) return bad_field(field, "expected true or false");
  return value.as_bool();
}

Result<double> number_field(const json::value& value, std::string_view field) {
  boost::system::error_code error;
  const double number = value.to_number<double>(error);
  if (error || !std::isfinite(number)) return bad_field(field, "expected a number");
  return number;
}

Result<std::optional<double>> price_field(const json::value& value, std::string_view field) {
  auto number = number_field(value, field);
  if (!number) return number.error();
  return std::optional(*number);
}

Result<std::vector<Attribute>> attributes_field(const json::value& value, std::string_view field) {
  if (!value.is_object()) return bad_field(field, "expected an object");
  std::vector<Attribute> attributes;
  for (const auto& [name, member] : value.as_object()) {
    attributes.push_back({std::string(name), JsonText{to_text(member)}});
  }
  std::ranges::sort(attributes, {}, &Attribute::name);
  return attributes;
}

json::value to_json(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return json::value_from(*list);
  if (const auto* time = std::get_if<Timestamp>(&value)) return json::value(format_rfc3339(*time));
  if (const auto* text = std::get_if<JsonText>(&value)) return parsed_or_empty(text->text);
  return nullptr;
}

json::object attributes_json(const std::vector<Attribute>& attributes) {
  json::object out;
  for (const Attribute& attribute : attributes) out.emplace(attribute.name, to_json(attribute.value));
  return out;
}

struct ItemField {
  std::string_view name;
  Result<void> (*set)(Item& item, const json::value& value, std::string_view name);
};

/// Sets `Member` to what `read` makes of the value.
template <auto Member, auto read>
Result<void> set(Item& item, const json::value& value, std::string_view name) {
  auto result = read(value, name);
  if (!result) return result.error();
  item.*Member = *std::move(result);
  return {};
}

constexpr std::array<ItemField, 8> kItemFields{{
    {"item", set<&Item::item, id_from_json>},
    {"title", set<&Item::title, text_field>},
    {"text", set<&Item::text, text_field>},
    {"categories", set<&Item::categories, categories_field>},
    {"ts", set<&Item::time, time_field>},
    {"available", set<&Item::available, bool_field>},
    {"price", set<&Item::price, price_field>},
    {"attributes", set<&Item::attributes, attributes_field>},
}};

/// Sets one field of `item`; null leaves it as it is. Unknown fields are an error: a typo would silently lose data.
Result<void> set_field(Item& item, std::string_view name, const json::value& value) {
  const auto field = std::ranges::find(kItemFields, name, &ItemField::name);
  if (field == kItemFields.end()) return bad_field(name, "unknown field");
  return value.is_null() ? Result<void>() : field->set(item, value, name);
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
  if (number == 0 && std::signbit(number)) return raw("-0.0");  // "-0" is an integer
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t number) {
  separate();
  append_number(out_, number);
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
  out.name("value").number(double{event.value});
  add("request", event.request);
  if (!event.props.empty()) out.name("props").raw(event.props);
  out.close('}');
}

json::value to_json(const Item& item) {
  json::object out{{"item", item.item}, {"title", item.title}, {"text", item.text}};
  out.emplace("categories", json::value_from(item.categories));
  if (item.price) out.emplace("price", *item.price);
  out.emplace("available", item.available);
  out.emplace("ts", format_rfc3339(item.time));
  out.emplace("attributes", attributes_json(item.attributes));
  return out;
}

json::object positions_json(const Positions& positions) {
  json::object out;
  for (const auto& [partition, offset] : positions) out.emplace(std::to_string(partition), offset);
  return out;
}

Result<Item> item_from_json(const json::value& document, std::string_view name) {
  if (!document.is_object()) return Error{Errc::invalid, "expected an item object"};
  Item item;
  for (const auto& [field, value] : document.as_object()) {
    if (auto set = set_field(item, field, value); !set) return set.error();
  }
  if (!name.empty()) {
    if (!item.item.empty() && item.item != name) return bad_field("item", "differs from the item in the path");
    item.item = name;
  }
  if (item.item.empty()) return bad_field("item", "missing");
  return item;
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

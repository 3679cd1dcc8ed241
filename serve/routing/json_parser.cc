// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/json_parser.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <string>

#include "base/event.h"
#include "base/json_text.h"
#include "base/take.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;
using boost::system::error_code;
using json::string_view;

/// Builds the value, as json::parser does, and counts the members that the text gives. What basic_parser requires.
struct Handler {
  // NOLINTBEGIN(readability-identifier-naming)
  static constexpr std::size_t max_object_size = json::object::max_size(), max_array_size = json::array::max_size(),
                               max_key_size = json::string::max_size(), max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  json::value_stack stack;
  std::size_t members = 0;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) {
    members += size;
    stack.push_object(size);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) { return stack.push_array(size), true; }
  bool on_key_part(string_view part, std::size_t, error_code&) { return stack.push_chars(part), true; }
  bool on_key(string_view end, std::size_t, error_code&) { return stack.push_key(end), true; }
  bool on_string_part(string_view part, std::size_t, error_code&) { return stack.push_chars(part), true; }
  bool on_string(string_view end, std::size_t, error_code&) { return stack.push_string(end), true; }
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, string_view, error_code&) { return stack.push_int64(number), true; }
  bool on_uint64(std::uint64_t number, string_view, error_code&) { return stack.push_uint64(number), true; }
  bool on_double(double number, string_view, error_code&) { return stack.push_double(number), true; }
  bool on_bool(bool value, error_code&) { return stack.push_bool(value), true; }
  bool on_null(error_code&) { return stack.push_null(), true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

std::size_t count_members(const json::value& value) {
  std::size_t count = 0;
  if (const auto* const object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const auto* const array = value.if_array()) {
    for (const json::value& entry : *array) count += count_members(entry);
  }
  return count;
}

std::string decoded(std::string_view name) { return std::string(json::parse(name).as_string()); }

}  // namespace

Result<json::value> parse_json(std::string_view body, std::size_t max_depth) {
  const std::size_t skipped = take_byte_order_mark(body);
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<Handler> parser(options);
  parser.handler().stack.reset();
  error_code error;
  const std::size_t read = parser.write_some(true, body.data(), body.size(), error);
  if (!error && read == body.size()) parser.write_some(false, nullptr, 0, error);
  if (error || read < body.size()) {
    return Error{Errc::invalid, "not JSON: " + (error ? error.message() : std::string("more after the document")) +
                                    " at byte " + std::to_string(skipped + read)};
  }
  json::value document = parser.handler().stack.release();
  // Of two members of one name Boost takes the last. Which of them would count is anybody's guess.
  if (count_members(document) < parser.handler().members) {
    const std::string name = repeated_member(body, decoded).value_or("a member");
    return Error{Errc::invalid, (name.size() <= kMaxIdBytes ? name : "a member with a long name") + ": given twice"};
  }
  return document;
}

}  // namespace freshet::serve

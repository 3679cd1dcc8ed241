#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/result.h"
#include "serve/api.h"

namespace freshet::serve {

namespace json = boost::json;

/// Compact JSON text with numbers as people write them (Boost writes 9.5 as 9.5E0); infinite or no numbers are null.
std::string to_text(const json::value& value);

ApiResponse json_response(const json::value& body, unsigned status = 200);

/// RFC 9457 problem details.
ApiResponse problem(unsigned status, std::string_view detail);
ApiResponse problem(const Error& error);

/// Errors: invalid, saying where ("not JSON: ... at byte 12"). Depth and numbers are limited.
Result<json::value> parse_json(std::string_view body);

json::value to_json(const Event& event);
json::value to_json(const Item& item);

/// An item document; `name`, if given, must agree with its "item" (which may then be missing).
/// Errors: invalid, naming the field.
Result<Item> item_from_json(const json::value& document, std::string_view name);

/// A string, or an integer as its decimal text, at most kMaxIdBytes.
Result<std::string> id_from_json(const json::value& value, std::string_view field);

}  // namespace freshet::serve

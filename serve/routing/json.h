// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"
#include "serve/routing/message.h"

namespace freshet::serve {

namespace json = boost::json;

/// Appends one JSON value to a text, piece by piece; adds the commas. Compact, with numbers in plain notation (Boost
/// writes 9.5 as 9.5E0). Infinities and NaN become null.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out), begin_(out.size()) {}

  JsonWriter& open(char bracket) { return raw({&bracket, 1}); }
  JsonWriter& close(char bracket) {
    out_ += bracket;
    return *this;
  }
  JsonWriter& name(std::string_view name) {
    text(name).out_ += ':';
    return *this;
  }
  JsonWriter& text(std::string_view text);
  JsonWriter& number(double number);
  JsonWriter& number(float number);
  JsonWriter& number(std::int64_t number);
  JsonWriter& number(std::uint64_t number);
  /// `value` is JSON already.
  JsonWriter& raw(std::string_view value);
  JsonWriter& value(const json::value& value);

 private:
  void separate();

  std::string& out_;
  const std::size_t begin_;
};

/// The value as JsonWriter writes it.
std::string to_text(const json::value& value);

ApiResponse json_response(const json::value& body, unsigned status = 200);

inline constexpr const char* kProblemType = "application/problem+json";

/// RFC 9457 problem details.
ApiResponse problem(unsigned status, std::string_view detail);
ApiResponse problem(const Error& error);

void write(JsonWriter& out, const Event& event);
void write(JsonWriter& out, const Item& item);

/// {"0": 1042, ...}: the offset of each partition.
json::object positions_json(const Positions& positions);

/// A string, or an integer as its decimal text, of at most kMaxIdBytes.
/// Errors: invalid, naming the field.
Result<std::string> id_from_json(const json::value& value, std::string_view field);

}  // namespace freshet::serve

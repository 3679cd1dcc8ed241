// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event.h"

namespace freshet::ingest {

/// Why a record is refused: the first fault found, "field: what was expected". Short, and valid UTF-8, whatever the record
/// contains.
using Fault = std::string;

/// Sets `fault`. Returns false.
[[nodiscard]] bool fail(Fault& fault, std::string_view field, std::string_view what);

/// The beginning of a producer's text, short enough for a message and cut at a character boundary.
std::string clip(std::string_view text);

bool check_length(std::size_t bytes, std::size_t limit, std::string_view field, Fault& fault);

// Readers of one member's value. Each returns false with a fault if the value is not as expected.

/// An id: a string, or an integer (many shops have integer ids), which becomes its decimal text.
bool read_id(const simdjson::dom::element& value, std::string_view field, std::string& out, Fault& fault);

/// RFC 3339 text.
bool read_rfc3339(std::string_view text, std::string_view field, std::optional<Timestamp>& out, Fault& fault);

/// RFC 3339 text, or a number of milliseconds or seconds.
bool read_time(const simdjson::dom::element& value, std::string_view field, std::optional<Timestamp>& out,
               Fault& fault);

bool check_text(std::string_view text, std::string_view field, Fault& fault, std::size_t limit = kMaxIdBytes);

/// Parses `text` as one JSON object. `padded` gets a copy of it, which must live as long as `members`.
bool parse_object(simdjson::dom::parser& parser, std::string_view text, std::string& padded,
                  simdjson::dom::object& members, Fault& fault);

/// The text that parse_object() has put in `padded`, without the padding.
std::string_view json_of(std::string_view padded);

/// `json`, which is valid, without white space.
std::string minified(std::string_view json);

}  // namespace freshet::ingest

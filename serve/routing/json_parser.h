// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace freshet::serve {

/// The JSON text of a request body. Skips a byte order mark.
/// Errors: invalid, with the place ("not JSON: ... at byte 12") or the member that an object has twice. Arrays and objects
///         may be nested `max_depth` deep.
/// Cost:   one pass over the text.
Result<boost::json::value> parse_json(std::string_view body, std::size_t max_depth = 32);

}  // namespace freshet::serve

#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::ingest {

/// Splits a request body into the raw JSON text of its events: one object, an array of objects, or NDJSON. The views
/// point into `body` and may be anything but empty: the decoder judges each by itself, so that an error has an index.
/// Errors: invalid (the body cannot be cut into values; says at which byte).
Result<std::vector<std::string_view>> split_events(std::string_view body);

}  // namespace freshet::ingest

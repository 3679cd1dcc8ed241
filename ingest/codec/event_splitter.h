// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/body_form.h"
#include "base/result.h"

namespace freshet::ingest {

/// Splits a request body into the raw JSON text of its events: one object, an array of objects, or NDJSON, unless `form`
/// says that it is lines. The results are views of `body` and not empty, but otherwise unchecked: the decoder checks each,
/// so that an error has an index.
/// Errors: invalid, with the byte at which the body cannot be split, or if there are more than `most`.
Result<std::vector<std::string_view>> split_events(std::string_view body, std::size_t most = SIZE_MAX,
                                                   BodyForm form = BodyForm::any);

}  // namespace freshet::ingest

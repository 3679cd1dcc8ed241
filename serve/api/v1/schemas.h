// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/api/v1/parameters.h"
#include "serve/options.h"
#include "serve/routing/json.h"

namespace freshet::serve {

/// The schemas of bodies and answers, by the name under which the routes refer to them.
json::object schemas(const Options& options, const Parameters& parameters);

}  // namespace freshet::serve

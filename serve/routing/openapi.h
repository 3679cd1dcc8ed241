// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/routing/json.h"
#include "serve/routing/route.h"

namespace freshet::serve {

/// The OpenAPI document of `routes`, as JSON. `schemas` are those that their bodies and responses refer to, by name;
/// "Problem", which every error has, is added. Version 3.0.3, since many client generators do not read 3.1.
/// REQUIRES: parameters with the same `component` are the same object; examples are JSON.
std::string openapi_document(const std::vector<const Route*>& routes, json::object schemas, std::string_view version);

}  // namespace freshet::serve

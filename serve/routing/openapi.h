#pragma once

#include <string_view>

namespace freshet::serve {

/// serve/openapi.json, built into the binary.
std::string_view openapi_document();

}  // namespace freshet::serve

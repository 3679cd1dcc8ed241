// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace freshet::serve {

/// The client's X-Request-Id if it is safe to log (letters, digits and "-_.:", at most 128 bytes), otherwise a new id.
std::string request_id(std::string_view given);

}  // namespace freshet::serve

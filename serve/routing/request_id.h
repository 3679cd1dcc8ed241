#pragma once

#include <string>
#include <string_view>

namespace freshet::serve {

/// 16 random hexadecimal digits. Threads: any.
std::string new_request_id();

/// The caller's X-Request-Id if it may stand in a log as it is (letters, digits, "-_.:", at most 128), else a new one.
std::string request_id(std::string_view given);

}  // namespace freshet::serve

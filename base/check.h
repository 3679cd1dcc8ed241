// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace freshet {

/// Prints the failed condition to standard error and aborts. For bugs in freshet only: bad input is a Result.
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);

}  // namespace freshet

/// Aborts when `condition` is false, in every build type.
#define FRESHET_CHECK(condition) ((condition) ? void(0) : ::freshet::check_failed(#condition, __FILE__, __LINE__))

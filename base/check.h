#pragma once

#include <string_view>

namespace freshet {

/// Logs the broken assumption and aborts. For our bugs only; bad input is a value (see Result).
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line);

}  // namespace freshet

/// Aborts when `condition` is false, in every build type.
#define FRESHET_CHECK(condition) ((condition) ? void(0) : ::freshet::check_failed(#condition, __FILE__, __LINE__))

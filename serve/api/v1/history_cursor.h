#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/services.h"

namespace freshet::serve {

/// "MILLISECONDS-PARTITION-OFFSET", as clients pass it from one page of an export to the next.
std::string to_text(const store::HistoryCursor& cursor);

/// The reverse.
/// Errors: invalid.
Result<store::HistoryCursor> parse_cursor(std::string_view text);

}  // namespace freshet::serve

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/services.h"

namespace freshet::serve {

/// Where the next page of an export begins: behind a stored event, or, once all of these were given, behind an event held
/// without consent.
struct ExportCursor {
  std::optional<store::HistoryCursor> stored;
  std::optional<std::uint64_t> held;  ///< the last one given, if there are more
};

/// "MILLISECONDS-PARTITION-OFFSET" of the stored event, with "-NUMBER" of the held one if there are more of those;
/// "held-NUMBER" after the last stored one. Clients pass it from one page to the next.
std::string to_text(const ExportCursor& cursor);

/// The reverse.
/// Errors: invalid.
Result<ExportCursor> parse_export_cursor(std::string_view text);

inline constexpr std::string_view kExportCursorPattern = "^([0-9]+-[0-9]+-[0-9]+(-[0-9]+)?|held-[0-9]+)$";

}  // namespace freshet::serve

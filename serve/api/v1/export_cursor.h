// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/services.h"

namespace freshet::serve {

/// Where the next page of an owner's rows begins, newest first: "MILLISECONDS-PARTITION-OFFSET" of the last one given.
std::string to_text(const store::HistoryCursor& cursor);
/// The reverse.
/// Errors: invalid.
Result<store::HistoryCursor> parse_history_cursor(std::string_view text);

inline constexpr std::string_view kHistoryCursorPattern = "^[0-9]+-[0-9]+-[0-9]+$";

/// Where the next page of an export begins, of each kind that has more: behind a stored event, an event held without
/// consent, a list.
struct ExportCursor {
  std::optional<store::HistoryCursor> stored;
  std::optional<std::uint64_t> held;  ///< number of the event
  std::optional<store::HistoryCursor> served;

  bool at_begin() const { return !stored && !held && !served; }
};

/// A HistoryCursor of the stored event, with "-NUMBER" of the held one if there are more of those; "held-NUMBER" after the
/// last stored one. If there are more lists, "_" and a HistoryCursor follow. Clients pass it from one page to the next.
std::string to_text(const ExportCursor& cursor);

/// The reverse.
/// Errors: invalid.
Result<ExportCursor> parse_export_cursor(std::string_view text);

inline constexpr std::string_view kExportCursorPattern =
    "^([0-9]+-[0-9]+-[0-9]+(-[0-9]+)?|held-[0-9]+)?(_[0-9]+-[0-9]+-[0-9]+)?$";

}  // namespace freshet::serve

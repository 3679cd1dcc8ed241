// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/export_cursor.h"

#include <array>
#include <limits>

#include "base/take.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kHeld = "held-";
constexpr char kServed = '_';

/// Takes a cursor off the beginning of `text`.
std::optional<store::HistoryCursor> take_cursor(std::string_view& text) {
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && !take_char(text, '-')) return std::nullopt;
    if (!take_number(text, numbers[i])) return std::nullopt;
  }
  if (!is_event_time(numbers[0]) || numbers[1] > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return store::HistoryCursor{timestamp_from_ms(numbers[0]), {static_cast<std::int32_t>(numbers[1]), numbers[2]}};
}

/// What is in front of kServed.
bool take_events(std::string_view text, ExportCursor& cursor) {
  if (text.empty()) return true;
  const auto take_held = [&] { return take_number(text, cursor.held.emplace()) && text.empty(); };
  if (text.starts_with(kHeld)) {
    text.remove_prefix(kHeld.size());
    return take_held();
  }
  cursor.stored = take_cursor(text);
  return cursor.stored && (text.empty() || (take_char(text, '-') && take_held()));
}

}  // namespace

std::string to_text(const store::HistoryCursor& cursor) {
  return std::to_string(to_ms(cursor.time)) + '-' + std::to_string(cursor.position.partition) + '-' +
         std::to_string(cursor.position.offset);
}

Result<store::HistoryCursor> parse_history_cursor(std::string_view text) {
  const auto cursor = take_cursor(text);
  if (!cursor || !text.empty()) return Error{Errc::invalid, "not the \"next\" of a page"};
  return *cursor;
}

std::string to_text(const ExportCursor& cursor) {
  std::string text;
  if (cursor.stored) text = to_text(*cursor.stored);
  if (cursor.held) text += (cursor.stored ? "-" : std::string(kHeld)) + std::to_string(*cursor.held);
  if (cursor.served) text += kServed + to_text(*cursor.served);
  return text;
}

Result<ExportCursor> parse_export_cursor(std::string_view text) {
  const Error bad{Errc::invalid, "not the \"next\" of an export"};
  ExportCursor cursor;
  const std::size_t events = text.find(kServed);
  if (!take_events(text.substr(0, events), cursor)) return bad;
  if (events != std::string_view::npos) {
    const auto served = parse_history_cursor(text.substr(events + 1));
    if (!served) return bad;
    cursor.served = *served;
  }
  if (cursor.at_begin()) return bad;
  return cursor;
}

}  // namespace freshet::serve

#include "serve/api/v1/export_cursor.h"

#include <array>
#include <limits>

#include "base/take.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kHeld = "held-";

}  // namespace

std::string to_text(const ExportCursor& cursor) {
  std::string text;
  if (cursor.stored) {
    text = std::to_string(to_ms(cursor.stored->time)) + '-' + std::to_string(cursor.stored->position.partition) + '-' +
           std::to_string(cursor.stored->position.offset);
  }
  if (cursor.held) text += (cursor.stored ? "-" : std::string(kHeld)) + std::to_string(*cursor.held);
  return text;
}

Result<ExportCursor> parse_export_cursor(std::string_view text) {
  const Error bad{Errc::invalid, "not the \"next\" of an export"};
  ExportCursor cursor;
  const auto take_held = [&] { return take_number(text, cursor.held.emplace()) && text.empty(); };
  if (text.starts_with(kHeld)) {
    text.remove_prefix(kHeld.size());
    if (!take_held()) return bad;
    return cursor;
  }
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && !take_char(text, '-')) return bad;
    if (!take_number(text, numbers[i])) return bad;
  }
  if (!is_event_time(numbers[0]) || numbers[1] > std::numeric_limits<std::int32_t>::max()) return bad;
  cursor.stored = {timestamp_from_ms(numbers[0]), {static_cast<std::int32_t>(numbers[1]), numbers[2]}};
  if (text.empty()) return cursor;
  if (!take_char(text, '-') || !take_held()) return bad;
  return cursor;
}

}  // namespace freshet::serve

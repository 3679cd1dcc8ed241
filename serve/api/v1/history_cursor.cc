#include "serve/api/v1/history_cursor.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace freshet::serve {

std::string to_text(const store::HistoryCursor& cursor) {
  return std::to_string(to_ms(cursor.time)) + '-' + std::to_string(cursor.position.partition) + '-' +
         std::to_string(cursor.position.offset);
}

Result<store::HistoryCursor> parse_cursor(std::string_view text) {
  const Error bad{Errc::invalid, "not the \"next\" of an export"};
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc{} || numbers[i] < 0) return bad;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const bool more = i + 1 < numbers.size();
    if (more != text.starts_with('-') || (!more && !text.empty())) return bad;
    if (more) text.remove_prefix(1);
  }
  if (!is_event_time(numbers[0]) || numbers[1] > std::numeric_limits<std::int32_t>::max()) return bad;
  return store::HistoryCursor{timestamp_from_ms(numbers[0]), {static_cast<std::int32_t>(numbers[1]), numbers[2]}};
}

}  // namespace freshet::serve

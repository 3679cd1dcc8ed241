// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <cmath>
#include <cstdio>

#include "base/sync.h"
#include "base/take.h"

namespace freshet {
namespace {

/// Removes exactly `count` decimal digits from the front of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

/// An optional fraction such as ".123456". Digits after the third are ignored.
bool take_fraction(std::string_view& text, int& milliseconds) {
  milliseconds = 0;
  if (!take_char(text, '.')) return true;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 3) milliseconds = milliseconds * 10 + (text.front() - '0');
  }
  for (int i = digits; i < 3; ++i) milliseconds *= 10;
  return digits > 0;
}

/// "Z" or "+02:00". RFC 3339 requires the colon: "-0530" is refused.
bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
  offset = std::chrono::minutes{0};
  if (take_char(text, 'Z') || take_char(text, 'z')) return true;
  const int sign = take_char(text, '+') ? 1 : take_char(text, '-') ? -1 : 0;
  int hours = 0, minutes = 0;
  if (sign == 0 || !take_digits(text, 2, hours) || !take_char(text, ':') || !take_digits(text, 2, minutes) ||
      hours > 23 || minutes > 59) {
    return false;
  }
  offset = std::chrono::minutes{sign * (hours * 60 + minutes)};
  return true;
}

}  // namespace

std::optional<Timestamp> parse_time_number(double number) {
  const double ms = number < static_cast<double>(kFirstTimeInMs) ? number * 1000 : number;
  if (!(ms >= 0 && ms <= static_cast<double>(kMaxTimeMs))) return std::nullopt;
  return timestamp_from_ms(std::llround(ms));
}

std::string format_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[48];
  const int length =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text, static_cast<std::size_t>(length));
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
  std::chrono::minutes offset{0};
  if (!take_digits(text, 4, year) || !take_char(text, '-') || !take_digits(text, 2, month) || !take_char(text, '-') ||
      !take_digits(text, 2, day)) {
    return std::nullopt;
  }
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
  if (!take_digits(text, 2, hour) || !take_char(text, ':') || !take_digits(text, 2, minute) || !take_char(text, ':') ||
      !take_digits(text, 2, second) || !take_fraction(text, milliseconds) || !take_offset(text, offset) ||
      !text.empty()) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // A leap second (:60) is the first moment of the next minute, as in POSIX time.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Timestamp time = std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                         std::chrono::seconds{second} + std::chrono::milliseconds{milliseconds} - offset;
  if (year < 1970 || !is_event_time(to_ms(time))) return std::nullopt;
  return time;
}

void Clock::sleep_for(const std::stop_token& stop, std::chrono::milliseconds time) const {
  freshet::sleep_for(stop, time);
}

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::chrono::milliseconds SystemClock::elapsed() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace freshet {

/// Event time and arrival time: milliseconds since 1970 UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

inline Timestamp timestamp_from_ms(std::int64_t ms) { return Timestamp{std::chrono::milliseconds{ms}}; }
inline std::int64_t to_ms(Timestamp time) { return time.time_since_epoch().count(); }

inline constexpr double kMsPerHour = 3'600'000.0;

/// 9999-12-31T23:59:59.999Z, the latest event time; the earliest is the epoch, 1970 (docs/event_format.md).
inline constexpr std::int64_t kMaxTimeMs = 253'402'300'799'999;
inline bool is_event_time(std::int64_t ms) { return ms >= 0 && ms <= kMaxTimeMs; }

/// The time that a producer's number means: below 10^11 it is seconds since 1970, with a fraction, else milliseconds. As
/// milliseconds such numbers would be before March 1973. Nullopt outside of the years 1970 to 9999.
std::optional<Timestamp> parse_time_number(double number);
/// The first time whose milliseconds parse_time_number() takes for milliseconds.
inline constexpr std::int64_t kFirstTimeInMs = 100'000'000'000;

/// "2026-11-21T21:36:00.123Z" (always UTC, always milliseconds).
std::string format_rfc3339(Timestamp time);

/// Parses an RFC 3339 date-time with 'Z' or a numeric offset, any number of fractional digits (truncated to
/// milliseconds), years 1970-9999. Nullopt for anything else. Total over all inputs.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// Wall clock and monotonic clock. An interface, so that tests set the time and never sleep.
/// Threads: all methods may be called concurrently.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;

  /// Monotonic time since an unspecified start, unaffected by changes of the wall clock. For durations.
  virtual std::chrono::milliseconds elapsed() const = 0;

  /// Sleeps for `time`, or until `stop` is requested.
  virtual void sleep_for(const std::stop_token& stop, std::chrono::milliseconds time) const;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::milliseconds elapsed() const override;
};

/// The default clock.
const Clock& system_clock();

}  // namespace freshet

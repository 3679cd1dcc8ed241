#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace freshet::online {

/// 9999-12-31T23:59:59.999Z: no event is later, and none is before 1970 (docs/event_format.md).
inline constexpr std::int64_t kMaxSavedTimeMs = 253'402'300'799'999;

inline bool is_event_time(std::int64_t ms) { return ms >= 0 && ms <= kMaxSavedTimeMs; }

/// The time of an event in a saved state, in milliseconds. One that no event has, with which sums would overflow, makes
/// `in` not ok().
inline std::int64_t read_time_ms(ByteReader& in) {
  const auto ms = in.fixed<std::int64_t>();
  if (is_event_time(ms)) return ms;
  in.take(UINT64_MAX);  // more than there is
  return 0;
}

}  // namespace freshet::online

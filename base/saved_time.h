#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"

namespace freshet {

/// The time of an event in a saved state, in milliseconds. One that no event has, with which sums would overflow, makes
/// `in` not ok().
inline std::int64_t read_time_ms(ByteReader& in) {
  const auto ms = in.fixed<std::int64_t>();
  if (is_event_time(ms)) return ms;
  in.take(UINT64_MAX);  // more than there is
  return 0;
}

}  // namespace freshet

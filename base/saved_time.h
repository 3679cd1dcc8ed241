// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"

namespace freshet {

/// Reads an event time, in milliseconds, from a saved state. If it is outside the range of event times, where sums could
/// overflow, `in` is no longer ok().
inline std::int64_t read_time_ms(ByteReader& in) {
  const auto ms = in.fixed<std::int64_t>();
  if (is_event_time(ms)) return ms;
  in.take(UINT64_MAX);  // longer than any input, so `in` fails
  return 0;
}

}  // namespace freshet

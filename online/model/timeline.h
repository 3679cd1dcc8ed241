// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>

#include "base/bytes.h"
#include "base/clock.h"
#include "online/part/context.h"

namespace freshet::online {

/// The time in which the model learns. It runs as event time does, but never jumps ahead by more than kMostAhead: one
/// event from a clock that runs ahead would make all that was learned look old, and be the newest for as long as the clock
/// was ahead. Behind such a jump the timeline goes on in parallel to event time, with an offset. Events from before the
/// jump, which show that a clock was wrong, find their old place: the offset before is remembered. A gap in the stream
/// counts as kMostAhead, too.
/// A function of the event times alone, so that the same log gives the same times.
/// Threads: as a value.
class Timeline {
 public:
  static constexpr std::chrono::hours kMostAhead{24};

  /// The place of the next event of the log.
  Timestamp place(Timestamp event_time);

  /// The place of an event that has been placed before, or of a moment near one.
  Timestamp of(Timestamp event_time) const;

  /// The context of a list as the model sees it: at the places of its times.
  Context of(Context context) const;

  void save(ByteWriter& out) const;
  void load(ByteReader& in);

  /// A timeline that has only seen `newest`.
  static Timeline at(Timestamp newest);

  bool operator==(const Timeline&) const = default;

 private:
  using Offset = std::chrono::milliseconds;

  bool fits(Timestamp place) const { return place >= newest_ - kMostAhead && place <= newest_ + kMostAhead; }

  Timestamp newest_{};  // the last place; the epoch: none
  // Event time minus place: of the newest event, and of those before the last jump.
  std::array<Offset, 2> offsets_{};
};

}  // namespace freshet::online

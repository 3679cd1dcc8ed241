// SPDX-License-Identifier: Apache-2.0
#include "online/model/timeline.h"

#include <algorithm>
#include <utility>

#include "base/saved_time.h"

namespace freshet::online {

Timestamp Timeline::place(Timestamp event_time) {
  if (newest_ == Timestamp{}) newest_ = event_time;
  if (!fits(event_time - offsets_[0])) {
    const Timestamp other = event_time - offsets_[1];
    const bool jumps = event_time - offsets_[0] > newest_;
    if (fits(other)) {
      std::swap(offsets_[0], offsets_[1]);
    } else if (jumps) {
      // Whole days, so that the hour of the day stays.
      offsets_ = {std::chrono::ceil<std::chrono::days>(event_time - (newest_ + kMostAhead)), offsets_[0]};
    }
  }
  const Timestamp placed = of(event_time);
  newest_ = std::max(newest_, placed);
  return placed;
}

Timestamp Timeline::of(Timestamp event_time) const {
  if (newest_ == Timestamp{}) return event_time;
  const Timestamp place = event_time - offsets_[0], other = event_time - offsets_[1];
  if (!fits(place) && fits(other)) return other;
  return std::clamp(place, Timestamp{}, newest_ + kMostAhead);
}

Context Timeline::of(Context context) const {
  context.now = of(context.now);
  for (Visit& visit : context.session) visit.time = of(visit.time);
  return context;
}

void Timeline::save(ByteWriter& out) const {
  out.fixed(to_ms(newest_));
  for (const Offset offset : offsets_) out.fixed<std::int64_t>(offset.count());
}

void Timeline::load(ByteReader& in) {
  newest_ = timestamp_from_ms(read_time_ms(in));
  for (Offset& offset : offsets_) {
    offset = Offset(std::clamp<std::int64_t>(in.fixed<std::int64_t>(), -kMaxTimeMs, kMaxTimeMs));
  }
}

Timeline Timeline::at(Timestamp newest) {
  Timeline timeline;
  timeline.newest_ = newest;
  return timeline;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/event_reader.h"

namespace freshet::testing {

/// One user's view of `item` at `ms`, at offset `offset` of partition 0.
inline PositionedEvent user_event(std::int64_t offset, std::string user, std::string item, std::int64_t ms) {
  PositionedEvent entry;
  entry.position = {0, offset};
  entry.event.user = std::move(user);
  entry.event.item = std::move(item);
  entry.event.time = timestamp_from_ms(ms);
  entry.arrival = timestamp_from_ms(ms);
  return entry;
}

inline EventBatch batch_of(std::vector<PositionedEvent> events) {
  EventBatch batch;
  for (const PositionedEvent& entry : events) batch.next[entry.position.partition] = entry.position.offset + 1;
  batch.events = std::move(events);
  return batch;
}

inline std::vector<std::string> items_of_events(const std::vector<Event>& events) {
  std::vector<std::string> items;
  for (const Event& event : events) items.push_back(event.item);
  return items;
}

}  // namespace freshet::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/event_reader.h"
#include "tests/support/history_events.h"

namespace freshet::testing {

/// A list of these items, the first with score 9.5, each less than the one before.
inline ServedList served_list(std::string request, const std::vector<std::string>& items) {
  ServedList list;
  list.request = std::move(request);
  list.model = 17;
  float score = 9.5F;
  for (const std::string& item : items) list.entries.push_back({item, score--});
  return list;
}

/// The record of a list for `owner`, at `offset` of partition 0.
inline PositionedEvent served_record(std::int64_t offset, const Owner& owner, std::string request,
                                     const std::vector<std::string>& items, std::int64_t ms) {
  PositionedEvent entry = user_event(offset, "", "", ms);
  entry.event.kind = EventKind::served;
  (owner.kind == Owner::Kind::user ? entry.event.user : entry.event.session) = owner.id;
  entry.event.served = SharedServedList(served_list(std::move(request), items));
  return entry;
}

}  // namespace freshet::testing

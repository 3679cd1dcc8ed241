// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/random.h"
#include "tests/support/test_seed.h"

namespace freshet::testing {

/// "item-" and 7: "item-7".
inline std::string numbered(std::string prefix, std::uint64_t number) {
  prefix += std::to_string(number);
  return prefix;
}

struct StreamOptions {
  std::size_t events = 2000;
  std::size_t items = 60;
  std::size_t sessions = 40;   ///< number of concurrent sessions
  double follow = 0.7;         ///< share of clicks on the favorite successor of the item before
  double late = 0.05;          ///< share of late events
  double repeated_ids = 0.02;  ///< share of events that are repeated
};

/// A stream with a pattern to learn: each item has a favorite successor. It has users, anonymous sessions, both at once,
/// event ids, repeats, pauses, late events and several event types.
inline std::vector<Event> synthetic_stream(std::uint64_t seed, const StreamOptions& options) {
  Random random(seed);
  std::vector<std::size_t> last(options.sessions, 0);
  std::vector<Event> events;
  std::int64_t time = 1'600'000'000'000;
  while (events.size() < options.events) {
    if (!events.empty() && random.uniform() < options.repeated_ids) {
      events.push_back(events[events.size() - 1 - random.below(std::min<std::uint64_t>(events.size(), 20))]);
      continue;
    }
    const std::size_t session = random.below(options.sessions);
    const bool follows = random.uniform() < options.follow;
    const std::size_t item = follows ? (last[session] * 7 + 3) % options.items : random.below(options.items);
    last[session] = item;
    time += static_cast<std::int64_t>(random.below(20'000));
    if (random.uniform() < 0.002) time += 3'600'000;
    Event event;
    event.item = numbered("item-", item);
    if (session % 3 != 0) event.session = numbered("session-", session);
    if (session % 3 != 1) event.user = numbered("user-", session / 2);
    if (random.uniform() < 0.5) event.id = numbered("event-", events.size());
    event.type = random.uniform() < 0.1 ? "cart" : (random.uniform() < 0.05 ? "impression" : "view");
    event.time = timestamp_from_ms(time - (random.uniform() < options.late ? 600'000 : 0));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace freshet::testing

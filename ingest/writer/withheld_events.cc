// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/withheld_events.h"

#include <algorithm>

namespace freshet::ingest {

void hold_withheld(const EventBatch& batch, const store::CommitCounts& counts, const store::HistoryStore& histories,
                   store::TransientHistories& transient) {
  for (const PositionedEvent& entry : batch.events) {
    const Event& event = entry.event;
    const auto owners = owners_of(event);
    if (event.kind == EventKind::erase) {
      // A request has erased already; what has come since is newer.
      if (counts.carried_out.contains(entry.position)) continue;
      for (const Owner& owner : owners) transient.erase(owner);
    } else if (!event.consent) {
      const auto number = transient.add(event);
      // After it is there: a request that erases meanwhile either sees it or is seen here.
      const bool erased =
          std::ranges::any_of(owners, [&](const Owner& owner) { return histories.is_erased(owner, entry.position); });
      if (erased) transient.remove(number);
    }
  }
}

}  // namespace freshet::ingest

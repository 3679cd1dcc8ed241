#include "ingest/writer/withheld_events.h"

namespace freshet::ingest {

void hold_withheld(const EventBatch& batch, store::TransientHistories& transient) {
  for (const auto& [position, event, arrival] : batch.events) {
    if (event.kind == EventKind::erase) {
      transient.erase({Owner::Kind::user, event.user});
      transient.erase({Owner::Kind::session, event.session});
    } else if (!event.consent) {
      transient.add(event);
    }
  }
}

}  // namespace freshet::ingest

#include "ingest/writer/withheld_events.h"

#include <array>

namespace freshet::ingest {
namespace {

std::array<Owner, 2> owners_of(const Event& event) {
  return {Owner{Owner::Kind::user, event.user}, Owner{Owner::Kind::session, event.session}};
}

}  // namespace

WithheldEvents::WithheldEvents(const EventBatch& batch, const store::HistoryStore& histories)
    : batch_(batch), histories_(histories) {
  for (const auto& [position, event, arrival] : batch.events) {
    if (event.kind != EventKind::erase || !event.partition_only) continue;
    for (const Owner& owner : owners_of(event)) {
      if (histories.is_erased(owner, position)) carried_out_.insert(position);
    }
  }
}

void WithheldEvents::hold(store::TransientHistories& transient) const {
  for (const auto& [position, event, arrival] : batch_.events) {
    const auto owners = owners_of(event);
    if (event.kind == EventKind::erase) {
      if (carried_out_.contains(position)) continue;
      for (const Owner& owner : owners) transient.erase(owner);
    } else if (!event.consent) {
      transient.add(event);
      // After it is there: a request that erases meanwhile either sees it or is seen here.
      for (const Owner& owner : owners) {
        if (histories_.is_erased(owner, position)) transient.erase(owner);
      }
    }
  }
}

}  // namespace freshet::ingest

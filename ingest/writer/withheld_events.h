#pragma once

#include <set>

#include "base/event_reader.h"
#include "base/position.h"
#include "store/history_store.h"
#include "store/transient_histories.h"

namespace freshet::ingest {

/// The rule for events without consent that other producers have put into the log: they are held in memory, for the
/// owner's next lists, and never stored (HistoryStore::commit leaves them out). Erase records of the batch apply to
/// memory too. Events that come over HTTP do not get into the log at all (LogEventWriter).
class WithheldEvents {
 public:
  /// Before the batch is committed: notes which erase records a request has carried out already.
  WithheldEvents(const EventBatch& batch, const store::HistoryStore& histories);

  /// After the batch has been committed.
  void hold(store::TransientHistories& transient) const;

 private:
  const EventBatch& batch_;
  const store::HistoryStore& histories_;
  std::set<Position> carried_out_;  // erase records
};

}  // namespace freshet::ingest

#pragma once

#include "base/event_reader.h"
#include "store/transient_histories.h"

namespace freshet::ingest {

/// The rule for events without consent that other producers have put into the log: they are held in memory, for the
/// owner's next lists, and never stored (HistoryStore::commit leaves them out). Erase records of the batch apply to
/// memory too. Events that come over HTTP do not get into the log at all (LogEventWriter).
/// Call it after the batch has been committed.
void hold_withheld(const EventBatch& batch, store::TransientHistories& transient);

}  // namespace freshet::ingest

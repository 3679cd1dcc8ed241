// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/event_reader.h"
#include "store/history_store.h"
#include "store/transient_histories.h"

namespace freshet::ingest {

/// The rule for events without consent that other producers have put into the log: they are held in memory, for the
/// owner's next lists, and never stored (HistoryStore::commit leaves them out). Erase records apply to memory too. Call
/// it once the batch has been committed, with the outcome. Events that come over HTTP do not get into the log at all
/// (LogEventWriter).
void hold_withheld(const EventBatch& batch, const store::CommitCounts& counts, const store::HistoryStore& histories,
                   store::TransientHistories& transient);

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/event_reader.h"
#include "base/position.h"
#include "base/result.h"
#include "ingest/writer/withheld_events.h"
#include "store/history_store.h"
#include "store/transient_histories.h"

namespace freshet::ingest {

/// The part of store::HistoryStore that the history writer uses; see there for the contracts.
/// Threads: those of HistoryWriter::run().
class HistorySink {
 public:
  virtual ~HistorySink() = default;
  virtual Result<store::CommitCounts> commit(const EventBatch& batch, bool keep_rejected) = 0;
  virtual Result<Positions> positions() const = 0;
};

/// The history store, and memory for events without consent (ingest/writer/withheld_events.h).
class StoreSink final : public HistorySink {
 public:
  StoreSink(store::HistoryStore& store, store::TransientHistories& transient) : store_(store), transient_(transient) {}

  Result<store::CommitCounts> commit(const EventBatch& batch, bool keep_rejected) override {
    auto counts = store_.commit(batch, keep_rejected);
    if (counts) hold_withheld(batch, *counts, store_, transient_);
    return counts;
  }
  Result<Positions> positions() const override { return store_.positions(); }

 private:
  store::HistoryStore& store_;
  store::TransientHistories& transient_;
};

}  // namespace freshet::ingest

#pragma once

#include "base/event_reader.h"
#include "base/position.h"
#include "base/result.h"
#include "store/history_store.h"

namespace freshet::ingest {

/// What the history writer needs of the history store; see store::HistoryStore for what each function promises.
/// Threads: those of HistoryWriter::run().
class HistorySink {
 public:
  virtual ~HistorySink() = default;
  virtual Result<store::CommitCounts> commit(const EventBatch& batch, bool keep_rejected) = 0;
  virtual Result<Positions> positions() const = 0;
};

/// The store as a sink.
class StoreSink final : public HistorySink {
 public:
  explicit StoreSink(store::HistoryStore& store) : store_(store) {}
  Result<store::CommitCounts> commit(const EventBatch& batch, bool keep_rejected) override {
    return store_.commit(batch, keep_rejected);
  }
  Result<Positions> positions() const override { return store_.positions(); }

 private:
  store::HistoryStore& store_;
};

}  // namespace freshet::ingest

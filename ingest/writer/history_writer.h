#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/watermark.h"
#include "ingest/event_log.h"
#include "ingest/options.h"
#include "ingest/writer/history_sink.h"
#include "store/history_store.h"

namespace freshet::ingest {

/// The first reader of the log: polls, decodes, commits whole batches to the history store together with the log
/// positions, then raises the watermark that read-your-writes waits on. Dead letters are durable before the positions
/// pass them: where the log has a place for them or, if it does not take them in time, in the store. A warning says so,
/// and the log is not asked again for half a minute.
/// Threads:  run() on one thread; everything else from any.
/// Errors:   the constructor throws std::runtime_error if the stored positions cannot be read. A store or log that is
///           unavailable later is retried with back-off and shown by problem(); nothing is skipped.
class HistoryWriter {
 public:
  HistoryWriter(EventLog& log, store::HistoryStore& store, store::TransientHistories& transient, Watermark& visible,
                const DecodeOptions& decode, const WriterOptions& options, Metrics& metrics);
  HistoryWriter(EventLog& log, std::unique_ptr<HistorySink> sink, Watermark& visible, const DecodeOptions& decode,
                const WriterOptions& options, Metrics& metrics);
  ~HistoryWriter();

  /// Until `stop`; then finishes the batch in hand.
  void run(std::stop_token stop);

  /// Empty if the writer is working; else why not, for /readyz.
  std::string problem() const;

  /// Newest known ends of the partitions it reads (lag = distance(visible.positions(), ends)).
  Positions end_positions() const;

  /// See LogReader.
  std::uint64_t lost_records() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::ingest

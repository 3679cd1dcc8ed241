// SPDX-License-Identifier: Apache-2.0
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

/// Writes the log to the histories: polls, decodes, commits each batch to the history store together with its log
/// positions, then raises the watermark that read-your-writes waits for.
/// Dead letters are durable before the positions pass them: in the log's DeadLetterSink, or in the store if there is
/// none or it does not take them (DeadLetterWriter).
/// Threads: run() on one thread; everything else from any.
/// Errors:  the constructor throws std::runtime_error if the stored positions cannot be read. While store or log are
///          unavailable the writer retries with back-off, and problem() says why. It never skips a record.
class HistoryWriter {
 public:
  HistoryWriter(EventLog& log, store::HistoryStore& store, store::TransientHistories& transient, Watermark& visible,
                const DecodeOptions& decode, const WriterOptions& options, Metrics& metrics);
  HistoryWriter(EventLog& log, std::unique_ptr<HistorySink> sink, Watermark& visible, const DecodeOptions& decode,
                const WriterOptions& options, Metrics& metrics);
  ~HistoryWriter();

  /// Runs until `stop`, then finishes the current batch.
  void run(std::stop_token stop);

  /// Empty if the writer is working, else the reason for /readyz.
  std::string problem() const;

  /// Empty, or what the operator should know although the writer is working: dead letters cannot go to their topic.
  std::string warning() const;

  /// Newest known ends of the partitions that it reads (lag = distance(visible.positions(), ends)).
  Positions end_positions() const;

  /// See LogReader.
  std::uint64_t lost_records() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/event_reader.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Decodes the records of a LogReader into events. Those that are too old are rejected. The history writer and the
/// learner each have one, since each reads the log from its own positions.
/// Threads: as LogReader.
/// Errors:  as EventReader.
class DecodingReader final : public EventReader {
 public:
  DecodingReader(std::unique_ptr<LogReader> log, const DecodeOptions& options);

  Result<EventBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override;
  void seek(const Positions& positions) override { log_->seek(positions); }
  Positions end_positions() const override { return log_->end_positions(); }

  /// See LogReader.
  void commit(const Positions& positions) { log_->commit(positions); }
  void idle(std::chrono::milliseconds duration) { log_->idle(duration); }
  std::set<int> revoked() const { return log_->revoked(); }
  std::string problem() const { return log_->problem(); }
  std::uint64_t lost_records() const { return log_->lost_records(); }

 private:
  Result<Event> decode(const LogRecord& record);

  std::unique_ptr<LogReader> log_;
  const DecodeOptions options_;
  EventDecoder decoder_;
  ItemDecoder item_decoder_;
};

}  // namespace freshet::ingest

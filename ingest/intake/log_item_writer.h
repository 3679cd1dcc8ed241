// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/item_writer.h"
#include "base/metrics.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/event_log.h"
#include "ingest/intake/decoder_pool.h"

namespace freshet::ingest {

/// Takes the items of HTTP requests: validates them as the log's readers will, and appends a record for each.
/// Threads: as ItemWriter.
/// Errors:  as ItemWriter.
class LogItemWriter final : public ItemWriter {
 public:
  LogItemWriter(EventLog& log, const VectorDimensions& vectors, Metrics& metrics);

  void change(std::string_view body, const ItemSubmission& submission,
              std::function<void(Result<Receipt>)> done) override;
  void remove(std::string_view item, std::function<void(Result<Receipt>)> done) override;

 private:
  Result<void> add(const ItemChange& change, ItemDecoder& decoder, std::vector<LogEntry>& entries) const;
  void append(std::vector<LogEntry> entries, Receipt receipt, std::function<void(Result<Receipt>)> done);

  EventLog& log_;
  const VectorDimensions vectors_;
  Counter& accepted_;
  Counter& invalid_;
  DecoderPool<ItemDecoder> decoders_;
};

}  // namespace freshet::ingest

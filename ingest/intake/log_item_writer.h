#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/item_writer.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "ingest/codec/item_decoder.h"
#include "ingest/event_log.h"

namespace freshet::ingest {

/// Takes the items of HTTP requests: validates them as the log's readers will, and appends a record for each.
/// Threads: as ItemWriter.
/// Errors:  as ItemWriter.
class LogItemWriter final : public ItemWriter {
 public:
  LogItemWriter(EventLog& log, const VectorDimensions& vectors, Metrics& metrics);

  void change(std::string_view body, const ItemSubmission& submission,
              std::function<void(Result<ItemReceipt>)> done) override;
  void remove(std::string_view item, std::function<void(Result<ItemReceipt>)> done) override;

 private:
  void append(std::vector<LogEntry> entries, ItemReceipt receipt, std::function<void(Result<ItemReceipt>)> done);
  std::unique_ptr<ItemDecoder> borrow_decoder();
  void give_back(std::unique_ptr<ItemDecoder> decoder);

  EventLog& log_;
  const VectorDimensions vectors_;
  Counter& accepted_;
  Counter& invalid_;
  Mutex mutex_;
  std::vector<std::unique_ptr<ItemDecoder>> idle_decoders_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::ingest

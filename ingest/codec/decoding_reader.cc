#include "ingest/codec/decoding_reader.h"

#include <utility>

namespace freshet::ingest {

DecodingReader::DecodingReader(std::unique_ptr<LogReader> log, const DecodeOptions& options)
    : log_(std::move(log)), decoder_(options) {}

Result<EventBatch> DecodingReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  auto polled = log_->poll(max_records, timeout);
  if (!polled) return polled.error();
  EventBatch batch;
  batch.next = std::move(polled->next);
  batch.events.reserve(polled->records.size());
  for (LogRecord& record : polled->records) {
    auto event = decoder_.decode(record.value, record.headers, record.arrival);
    if (event) {
      batch.events.push_back({record.position, *std::move(event), record.arrival});
    } else {
      batch.rejected.push_back({record.position, record.arrival, event.error().message, std::move(record.key),
                                std::move(record.value), std::move(record.headers)});
    }
  }
  return batch;
}

}  // namespace freshet::ingest

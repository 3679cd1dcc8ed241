// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/decoding_reader.h"

#include <optional>
#include <utility>

#include "ingest/codec/age_limit.h"

namespace freshet::ingest {

DecodingReader::DecodingReader(std::unique_ptr<LogReader> log, const DecodeOptions& options)
    : log_(std::move(log)), options_(options), decoder_(options), item_decoder_(options.vectors) {}

Result<Event> DecodingReader::decode(const LogRecord& record) {
  if (record.position.partition != kStatePartition) {
    return decoder_.decode(record.value, record.headers, record.arrival);
  }
  auto change = item_decoder_.decode_state(record.key, record.value);
  if (!change) return change.error();
  return item_event(*std::move(change), record.arrival);
}

Result<EventBatch> DecodingReader::poll(std::size_t max_records, std::chrono::milliseconds timeout) {
  auto polled = log_->poll(max_records, timeout);
  if (!polled) return polled.error();
  EventBatch batch;
  batch.next = std::move(polled->next);
  batch.recreated = std::move(polled->recreated);
  batch.events.reserve(polled->records.size());
  for (LogRecord& record : polled->records) {
    auto event = decode(record);
    const auto old = event ? too_old(*event, options_) : std::nullopt;
    if (event && event->kind == EventKind::item && !options_.items_among_events &&
        record.position.partition != kStatePartition) {
      continue;
    }
    if (event && !old) {
      batch.events.push_back({record.position, *std::move(event), record.arrival});
    } else {
      batch.rejected.push_back({.position = record.position,
                                .arrival = record.arrival,
                                .reason = old ? *old : event.error().message,
                                .key = std::move(record.key),
                                .value = std::move(record.value),
                                .headers = std::move(record.headers),
                                .too_old = old.has_value()});
    }
  }
  return batch;
}

}  // namespace freshet::ingest

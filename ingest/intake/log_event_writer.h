// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_writer.h"
#include "base/metrics.h"
#include "base/pseudonyms.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/event_log.h"
#include "ingest/intake/decoder_pool.h"
#include "store/transient_histories.h"

namespace freshet::ingest {

/// Takes the events of HTTP requests: validates them as the log's readers will, and appends the producer's own bytes, with
/// the sender in front.
/// An event without consent is held in memory only and never appended (compare ingest/writer/withheld_events.h).
/// Threads: as EventWriter.
/// Errors:  as EventWriter.
class LogEventWriter final : public EventWriter {
 public:
  /// `logged` are the pseudonyms of the events that are appended, `held` those of the events in memory. If `logged` is in
  /// use, events are encoded again instead of copied. `decode` must not have pseudonyms.
  LogEventWriter(EventLog& log, store::TransientHistories& transient, const DecodeOptions& decode, Pseudonyms logged,
                 Pseudonyms held, const Clock& clock, Metrics& metrics);

  std::uint64_t weigh(std::string_view body, std::size_t max_events, BodyForm form) const override;
  void submit(std::string_view body, const Submission& submission, std::function<void(Result<Receipt>)> done) override;
  Result<Event> judge(std::string_view text) override;
  Result<void> judge_type(std::string_view type) override;
  void erase(const Owner& owner, std::function<void(Result<EraseReceipt>)> done) override;

 private:
  Result<Event> decode(EventDecoder& decoder, std::string_view text) const;
  LogEntry entry(Event event, std::string text) const;

  EventLog& log_;
  store::TransientHistories& transient_;
  const DecodeOptions decode_;
  const Pseudonyms logged_, held_;
  const Clock& clock_;
  Counter& accepted_;
  Counter& invalid_;
  Counter& too_old_;
  DecoderPool<EventDecoder> decoders_;
};

}  // namespace freshet::ingest

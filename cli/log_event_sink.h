#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "ingest/event_decoder.h"
#include "ingest/event_log.h"
#include "serve/event_sink.h"
#include "store/transient_histories.h"

namespace freshet::cli {

/// What the server hands events to: validates them as the log's readers will, and appends the producer's own bytes.
/// An event without consent stays in this process's memory: it is never appended.
/// Threads, errors: as serve::EventSink.
class LogEventSink final : public serve::EventSink {
 public:
  LogEventSink(ingest::EventLog& log, store::TransientHistories& transient, const ingest::DecodeOptions& decode,
               const Clock& clock)
      : log_(log), transient_(transient), decode_(decode), clock_(clock) {}

  void submit(std::string_view body, std::size_t max_events,
              std::function<void(Result<serve::SubmitReceipt>)> done) override;
  void erase(const Owner& owner, std::function<void(Result<Positions>)> done) override;

 private:
  std::unique_ptr<ingest::EventDecoder> borrow_decoder();
  void give_back(std::unique_ptr<ingest::EventDecoder> decoder);

  ingest::EventLog& log_;
  store::TransientHistories& transient_;
  const ingest::DecodeOptions decode_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ingest::EventDecoder>> idle_decoders_;  // guarded by mutex_
};

}  // namespace freshet::cli

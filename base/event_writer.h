#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"

namespace freshet {

/// What became of one POST /v1/events.
struct SubmitReceipt {
  struct Rejected {
    std::size_t index = 0;  ///< of the event in the request, from 0
    std::string reason;
  };
  std::size_t accepted = 0;
  std::vector<Rejected> rejected;
  Positions positions;  ///< the histories contain the accepted events once they cover this
};

/// Where events go: the event log, as the server sees it. Implemented by the composition root over ingest, which serve
/// does not know.
/// Threads:  all methods may be called concurrently; callbacks run exactly once, on any thread (also the caller's).
/// Errors:   invalid (the whole body is not JSON events), overloaded, unavailable, shutting_down.
class EventWriter {
 public:
  virtual ~EventWriter() = default;

  /// Validates the events in `body` (one object, an array or NDJSON) and appends the valid ones to the log.
  /// `done` is called when they are durable.
  virtual void submit(std::string_view body, std::size_t max_events,
                      std::function<void(Result<SubmitReceipt>)> done) = 0;

  /// Tells every reader of the log to forget `owner`, who is named as clients name them.
  virtual void erase(const Owner& owner, std::function<void(Result<Positions>)> done) = 0;
};

}  // namespace freshet

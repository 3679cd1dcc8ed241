#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"

namespace freshet {

struct PositionedEvent {
  Position position;
  Event event;
  Timestamp arrival{};  ///< when the log took it
};

/// A record that is not a valid event, with everything needed to look at it or replay it.
struct RejectedRecord {
  Position position;
  Timestamp arrival{};                                       ///< when the log took it
  std::string reason;                                        ///< "item: missing", ...
  std::string key;                                           ///< original bytes
  std::string value;                                         ///< original bytes
  std::vector<std::pair<std::string, std::string>> headers;  ///< Kafka only
};

/// What one poll returned, in log order per partition.
struct EventBatch {
  std::vector<PositionedEvent> events;
  std::vector<RejectedRecord> rejected;
  Positions next;  ///< of every partition touched: one past its last record in this batch

  bool empty() const { return next.empty(); }
};

/// The event log as a reader of events sees it: ingest implements it, ingest's history writer and
/// online's learner each hold one of their own, with its own positions.
/// Threads:  one thread calls poll/seek; assigned/end_positions may be called from any thread.
/// Errors:   unavailable (broker away: keep polling, it recovers by itself).
class EventReader {
 public:
  virtual ~EventReader() = default;

  /// Waits up to `timeout` for at least one record, then returns at most `max_records` of them. An empty batch
  /// means the time is up. Undecodable records are in `rejected` and are passed, never retried.
  virtual Result<EventBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) = 0;

  /// Goes on from `positions`; partitions that it does not name start at the beginning of the log.
  virtual void seek(const Positions& positions) = 0;

  /// Newest known end of every partition that this reader reads (lag = end - own position).
  virtual Positions end_positions() const = 0;
};

}  // namespace freshet

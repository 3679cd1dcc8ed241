// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/position.h"
#include "base/result.h"

namespace freshet {

/// Names and values of a record's headers, in order. Only Kafka records have any.
using RecordHeaders = std::vector<std::pair<std::string, std::string>>;

struct PositionedEvent {
  Position position;
  Event event;
  Timestamp arrival{};  ///< when the log received it
};

/// A record that is not a valid event, with everything needed to inspect or replay it.
struct RejectedRecord {
  Position position;
  Timestamp arrival{};    ///< when the log received it
  std::string reason;     ///< "item: missing", ...
  std::string key;        ///< original bytes
  std::string value;      ///< original bytes
  RecordHeaders headers;  ///< original bytes
  bool too_old = false;   ///< a valid event, which is not kept because of its age
};

/// The result of one poll, in log order per partition.
struct EventBatch {
  std::vector<PositionedEvent> events;
  std::vector<RejectedRecord> rejected;
  Positions next;  ///< for each partition in the batch: one past its last record
  /// Those of `next` whose log was recreated (a topic created again, a journal replaced), and is read from its beginning.
  /// All that the batch has of them is of the new log; offsets known of the old one mean nothing. Told once: the reader
  /// is the only one to judge it, from the offset that it was given by seek() or has reached.
  std::set<std::int32_t> recreated;

  bool empty() const { return next.empty(); }
};

/// Reads events from the log. Ingest implements it; the history writer and the learner each have their own reader, with
/// its own positions.
/// Threads: one thread calls poll() and seek(); end_positions() may be called from any thread.
/// Errors:  unavailable if the broker cannot be reached; keep polling, the reader recovers by itself.
class EventReader {
 public:
  virtual ~EventReader() = default;

  /// Waits up to `timeout` for at least one record, then returns at most `max_records`. An empty batch means that the
  /// timeout has expired. Records that cannot be decoded are in `rejected`; they are not read again.
  virtual Result<EventBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) = 0;

  /// Continues from `positions`; partitions that are not in it start at the beginning of the log.
  virtual void seek(const Positions& positions) = 0;

  /// Newest known end of each partition that this reader reads (lag = end - own position).
  virtual Positions end_positions() const = 0;
};

}  // namespace freshet

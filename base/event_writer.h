// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/body_form.h"
#include "base/event.h"
#include "base/position.h"
#include "base/receipt.h"
#include "base/result.h"

namespace freshet {

/// The outcome of one erasure, once its erase records are durable.
struct EraseReceipt {
  Positions before;  ///< for each partition one past its erase record: what the owner has before it there is erased
  Positions token;   ///< the part of `before` where the owner's own events are
};

/// What is known about a body of events beside its text.
struct Submission {
  std::size_t max_events = 0;  ///< more are refused
  std::string sender = {};     ///< Event::sender
  BodyForm form = BodyForm::any;
};

/// Writes events to the log. The server uses it, ingest/intake implements it.
/// Threads: all methods may be called concurrently; each callback runs exactly once, on any thread, possibly the
///          caller's.
/// Errors:  invalid (the body is not JSON events), overloaded, unavailable, shutting_down.
class EventWriter {
 public:
  virtual ~EventWriter() = default;

  /// How many events `body` counts for in a limit: each event is one for each started KiB of its text. A body that is not
  /// events, or more than `max_events`, counts as one event of its size: nobody can use up more by one request.
  virtual std::uint64_t weigh(std::string_view body, std::size_t max_events, BodyForm form) const = 0;

  /// Validates the events in `body` (one object, an array or NDJSON) and appends the valid ones to the log.
  /// `done` is called when they are durable.
  virtual void submit(std::string_view body, const Submission& submission,
                      std::function<void(Result<Receipt>)> done) = 0;

  /// The event that submit() would take from `text`, an object; writes nothing.
  /// Errors: invalid, naming the field, as submit() reports it.
  virtual Result<Event> judge(std::string_view text) = 0;

  /// Whether events may have this type.
  /// Errors: invalid, as submit() reports it of an event.
  virtual Result<void> judge_type(std::string_view type) = 0;

  /// Appends a record to each partition that makes every reader of the log forget what `owner` did before it. The id is
  /// the client's, not a pseudonym. After an error some partitions may have a record.
  virtual void erase(const Owner& owner, std::function<void(Result<EraseReceipt>)> done) = 0;
};

}  // namespace freshet

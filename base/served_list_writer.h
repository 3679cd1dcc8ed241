// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/event.h"
#include "base/served_list.h"

namespace freshet {

/// Writes records of lists to the log. The server uses it, ingest/intake implements it.
/// Threads: write() may be called concurrently.
class ServedListWriter {
 public:
  virtual ~ServedListWriter() = default;

  /// Hands over a list that `owner`, with the client's id and not a pseudonym, was shown at `time`. Never waits: if too
  /// many records are on their way to the log, or the log refuses it, the record is dropped. `done` is told what became of
  /// it, on any thread, possibly the caller's.
  virtual void write(const Owner& owner, Timestamp time, const SharedServedList& list,
                     std::function<void(bool logged)> done) = 0;
};

}  // namespace freshet

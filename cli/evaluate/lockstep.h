// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <functional>

#include "base/clock.h"
#include "base/position.h"

namespace freshet::cli {

/// Waits for a running service to learn and publish the events that it was sent (`freshet evaluate --lockstep`).
/// Threads: one.
/// Errors:  throws std::runtime_error if the service makes no progress for two minutes, and whatever `status` throws.
class Lockstep {
 public:
  /// `status` returns the answer of /v1/status.
  explicit Lockstep(std::function<boost::json::value()> status, const Clock& clock = system_clock())
      : status_(std::move(status)), clock_(clock) {}

  /// Returns once the histories and the model that answers requests contain every event below `sent`.
  void wait_for(const Positions& sent) const;

 private:
  const std::function<boost::json::value()> status_;
  const Clock& clock_;
};

}  // namespace freshet::cli

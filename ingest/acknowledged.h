// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "base/position.h"
#include "base/result.h"

namespace freshet::ingest {

/// Waits for the answer of `start`, which is given a callback: EventLog::Appended.
/// Errors: timed_out if there is none within `timeout`; it may still come, and is then ignored.
template <typename Start>
Result<Positions> acknowledged_within(std::chrono::milliseconds timeout, Start start) {
  // Shared, since the answer may come after the timeout.
  const auto outcome = std::make_shared<std::promise<Result<Positions>>>();
  auto future = outcome->get_future();
  start([outcome](Result<Positions> end) { outcome->set_value(std::move(end)); });
  if (future.wait_for(timeout) != std::future_status::ready) return Error{Errc::timed_out, "not acknowledged in time"};
  return future.get();
}

}  // namespace freshet::ingest

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "serve/api/v1/endpoints.h"

namespace freshet::serve {

/// The answer of a request that waits for something: whichever comes first, that or the timeout.
/// Threads: all methods may be called concurrently.
class DeferredAnswer {
 public:
  /// Unless an answer is given within `timeout`, it is 503 with `too_late`. `executor`: the request's.
  static std::shared_ptr<DeferredAnswer> within(std::chrono::milliseconds timeout, std::string too_late,
                                                Executor& executor, Respond respond);

  explicit DeferredAnswer(Respond respond) : respond_(std::move(respond)) {}

  /// Only the first counts.
  void give(ApiResponse response);
  bool given() const { return given_; }

 private:
  std::atomic<bool> given_{false};
  const Respond respond_;
};

/// Calls `change`, which may wait for the disk, on another thread, and answers what it responds; 503 if that takes
/// longer than serve.events_timeout, or if too many changes wait. One that nobody waits for any more is not begun.
/// REQUIRES: `change` holds no view of the request, which may be answered, and gone, before it.
void change_store(const RouteRequest& request, const EndpointContext& context, Respond respond,
                  std::function<void(const Respond&)> change);

}  // namespace freshet::serve

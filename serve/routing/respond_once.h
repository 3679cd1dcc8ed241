// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "serve/routing/message.h"

namespace freshet::serve {

/// The answer of a request that several events may give, such as a result and a timeout: only the first one counts.
/// Threads: all methods may be called concurrently.
class RespondOnce {
 public:
  explicit RespondOnce(Respond respond) : respond_(std::move(respond)) {}

  /// Answers 503 with `detail` after `timeout`, unless there is an answer by then. `executor`: the request's.
  static std::shared_ptr<RespondOnce> within(std::chrono::milliseconds timeout, std::string detail, Executor& executor,
                                             Respond respond);

  /// For the first caller the function that answers, for others an empty one. The first caller must call it.
  Respond take();

  /// Answers, if it is the first to do so.
  void give(ApiResponse response);

  bool taken() const { return taken_; }

 private:
  std::atomic<bool> taken_{false};
  Respond respond_;  // belongs to the caller that set taken_
};

}  // namespace freshet::serve

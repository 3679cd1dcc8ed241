// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "serve/http/connection.h"
#include "serve/routing/message.h"

namespace freshet::serve {

/// An answer that comes by a callback. Most answers are there when the wait for them begins; they are not queued, so the
/// client does not wait for the answers to others.
/// Threads: the one of `context`; the callback may be called on any.
class PendingAnswer {
 public:
  explicit PendingAnswer(boost::asio::io_context& context) : context_(context) {}

  Respond callback() const;

  /// To be called once, last. From then on the callback owns the waiting coroutine: dropping it destroys both.
  Awaitable<ApiResponse> wait();

 private:
  struct State {
    std::mutex mutex;
    std::optional<ApiResponse> answer;       // guarded by mutex
    std::function<void(ApiResponse)> go_on;  // guarded by mutex; empty: nobody waits yet
  };

  boost::asio::io_context& context_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace freshet::serve

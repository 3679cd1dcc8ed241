// SPDX-License-Identifier: Apache-2.0
#include "serve/http/pending_answer.h"

#include <boost/asio.hpp>
#include <utility>

namespace freshet::serve {

namespace asio = boost::asio;

Respond PendingAnswer::callback() const {
  return [&context = context_, state = state_](ApiResponse answer) {
    const std::lock_guard lock(state->mutex);
    if (!state->go_on) {
      state->answer = std::move(answer);
      return;
    }
    asio::post(context,
               [go_on = std::move(state->go_on), answer = std::move(answer)]() mutable { go_on(std::move(answer)); });
  };
}

Awaitable<ApiResponse> PendingAnswer::wait() {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->answer) co_return *std::move(state_->answer);
  }
  constexpr asio::use_awaitable_t<IoExecutor> kAwaitResult;
  co_return co_await asio::async_initiate<decltype(kAwaitResult), void(ApiResponse)>(
      [this](auto handler) {
        // The handler is move-only; std::function needs a copyable callable.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto state = std::exchange(state_, nullptr);
        const std::lock_guard lock(state->mutex);
        if (state->answer) {
          asio::post(context_,
                     [shared, answer = *std::move(state->answer)]() mutable { (*shared)(std::move(answer)); });
        } else {
          state->go_on = [shared](ApiResponse answer) { (*shared)(std::move(answer)); };
        }
      },
      kAwaitResult);
}

}  // namespace freshet::serve

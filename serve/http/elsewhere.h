// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio.hpp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "serve/http/connection.h"
#include "serve/routing/router.h"

namespace freshet::serve {

/// A body that is larger, as sent or decoded, is decoded and handled elsewhere. On the I/O thread it would hold up the other connections
/// for milliseconds, one of serve.max_body_bytes for a tenth of a second.
inline constexpr std::size_t kMostBytesInPlace = std::size_t{32} << 10;

/// Why a request is refused that elsewhere() had no time for.
inline constexpr std::string_view kLate = "too many large or costly requests at once; try again";

/// Waits until `work` has run on the thread for such requests. False if it had no time for it.
template <typename Work>
Awaitable<bool> elsewhere(const IoState& io, const Router::Match& match, const Work& work) {
  namespace asio = boost::asio;
  constexpr asio::use_awaitable_t<IoExecutor> kAwaitResult;
  BackgroundThread& thread = match.is_read() ? io.shared.reads : io.shared.large_bodies;
  const bool ran = co_await asio::async_initiate<decltype(kAwaitResult), void(bool)>(
      [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto resume = [&context = io.context](auto waiting, bool in_time) {
          asio::post(context, [waiting = std::move(waiting), in_time] { (*waiting)(in_time); });
        };
        const bool queued = thread.post([&work, resume, shared](bool in_time) mutable {
          if (in_time) work();
          resume(std::move(shared), in_time);
        });
        if (!queued) resume(std::move(shared), false);
      },
      kAwaitResult);
  if (!ran) io.shared.late.Increment();
  co_return ran;
}

}  // namespace freshet::serve

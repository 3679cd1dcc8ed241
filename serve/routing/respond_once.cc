// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/respond_once.h"

#include <utility>

#include "serve/routing/json.h"

namespace freshet::serve {

std::shared_ptr<RespondOnce> RespondOnce::within(std::chrono::milliseconds timeout, std::string detail,
                                                 Executor& executor, Respond respond) {
  auto once = std::make_shared<RespondOnce>(std::move(respond));
  // Weak: an answered request need not be kept until the timeout.
  executor.post_after(timeout, [late = std::weak_ptr(once), detail = std::move(detail)] {
    if (const auto waiting = late.lock()) waiting->give(problem(503, detail));
  });
  return once;
}

Respond RespondOnce::take() { return taken_.exchange(true) ? nullptr : std::exchange(respond_, nullptr); }

void RespondOnce::give(ApiResponse response) {
  if (const Respond respond = take()) respond(std::move(response));
}

}  // namespace freshet::serve

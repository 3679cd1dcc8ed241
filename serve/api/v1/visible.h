// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "serve/api/v1/endpoints.h"

namespace freshet::serve {

/// Lets `work` answer, on the request's thread, once histories and catalogue contain everything below
/// `wanted`; with `late` if they do not within serve.after_timeout.
/// REQUIRES: `work` holds no view of the request, which may be gone before it runs.
void when_visible(const EndpointContext& context, const Positions& wanted, std::shared_ptr<Executor> executor,
                  Respond respond, std::function<void(const Respond&)> work, ApiResponse late);

/// The same for the parameter `after`: 412 if it is not visible in time. At once if it is not given.
void after_visible(const EndpointContext& context, const std::optional<Positions>& after,
                   std::shared_ptr<Executor> executor, Respond respond, std::function<void(const Respond&)> work);

}  // namespace freshet::serve

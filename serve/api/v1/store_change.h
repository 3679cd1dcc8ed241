#pragma once

#include <functional>

#include "serve/api/v1/endpoints.h"

namespace freshet::serve {

/// Runs `change`, which may wait for the disk, on another thread, and answers with its response. Answers 503 if that
/// takes longer than serve.events_timeout or too many changes are queued. A change whose request has timed out is not
/// begun.
/// REQUIRES: `change` holds no view of the request, which may be gone before it runs.
void change_store(const RouteRequest& request, const EndpointContext& context, Respond respond,
                  std::function<void(const Respond&)> change);

}  // namespace freshet::serve

#include "serve/api/v1/store_change.h"

#include <utility>

#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"

namespace freshet::serve {

void change_store(const RouteRequest& request, const EndpointContext& context, Respond respond,
                  std::function<void(const Respond&)> change) {
  const auto answer = RespondOnce::within(context.options.events_timeout,
                                          "the store has not answered in time; the change may still be made",
                                          *request.executor, std::move(respond));
  const bool queued = request.executor->post_blocking([answer, change = std::move(change)] {
    if (!answer->taken()) change([answer](ApiResponse response) { answer->give(std::move(response)); });
  });
  if (!queued) answer->give(problem(Error{Errc::overloaded, "too many changes wait for the store"}));
}

}  // namespace freshet::serve

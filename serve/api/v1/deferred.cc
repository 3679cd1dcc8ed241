#include "serve/api/v1/deferred.h"

#include <utility>

#include "serve/routing/json.h"

namespace freshet::serve {

std::shared_ptr<DeferredAnswer> DeferredAnswer::within(std::chrono::milliseconds timeout, std::string too_late,
                                                       Executor& executor, Respond respond) {
  auto answer = std::make_shared<DeferredAnswer>(std::move(respond));
  // Weak: what is answered need not be kept until then.
  executor.post_after(timeout, [late = std::weak_ptr(answer), too_late = std::move(too_late)] {
    if (const auto waiting = late.lock()) waiting->give(problem(503, too_late));
  });
  return answer;
}

void DeferredAnswer::give(ApiResponse response) {
  if (!given_.exchange(true)) respond_(std::move(response));
}

void change_store(const RouteRequest& request, const EndpointContext& context, Respond respond,
                  std::function<void(const Respond&)> change) {
  const auto answer = DeferredAnswer::within(context.options.events_timeout,
                                             "the store has not answered in time; the change may still be made",
                                             *request.executor, std::move(respond));
  const bool taken = request.executor->post_blocking([answer, change = std::move(change)] {
    if (!answer->given()) change([answer](ApiResponse response) { answer->give(std::move(response)); });
  });
  if (!taken) answer->give(problem(Error{Errc::overloaded, "too many changes wait for the store"}));
}

}  // namespace freshet::serve

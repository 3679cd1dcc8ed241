#include <atomic>

#include "serve/endpoints/endpoints.h"
#include "serve/json.h"

namespace freshet::serve {
namespace {

ApiResponse receipt_response(const SubmitReceipt& receipt) {
  json::array rejected;
  for (const auto& [index, reason] : receipt.rejected) {
    rejected.push_back(json::object{{"index", index}, {"error", reason}});
  }
  if (receipt.accepted == 0 && !receipt.rejected.empty()) {
    ApiResponse response = problem(400, "no event was accepted; the first: " + receipt.rejected.front().reason);
    json::value body = json::parse(response.body);
    body.as_object()["rejected"] = std::move(rejected);
    response.body = to_text(body);
    return response;
  }
  return json_response(
      {{"accepted", receipt.accepted}, {"rejected", std::move(rejected)}, {"token", to_token(receipt.positions)}}, 202);
}

/// Whichever comes first answers: the log's acknowledgement, or the timeout.
class OneAnswer {
 public:
  explicit OneAnswer(Respond respond) : respond_(std::move(respond)) {}

  void give(ApiResponse response) {
    if (!given_.exchange(true)) respond_(std::move(response));
  }

 private:
  std::atomic<bool> given_{false};
  const Respond respond_;
};

}  // namespace

void add_event_endpoints(Router& router, const EndpointContext& context) {
  router.add({"POST", "/v1/events", {}, Scope::write, false, [context](const RouteRequest& request, Respond respond) {
                const auto answer = std::make_shared<OneAnswer>(std::move(respond));
                // Weak: what is acknowledged need not be kept until then.
                request.executor->post_after(context.options.events_timeout, [late = std::weak_ptr(answer)] {
                  if (const auto waiting = late.lock()) {
                    waiting->give(
                        problem(503, "the event log has not acknowledged in time; the events may still be accepted"));
                  }
                });
                context.services.events.submit(
                    request.body, context.options.max_events_per_request, [answer](Result<SubmitReceipt> receipt) {
                      answer->give(receipt ? receipt_response(*receipt) : problem(receipt.error()));
                    });
              }});
}

}  // namespace freshet::serve

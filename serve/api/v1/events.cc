#include "serve/api/v1/deferred.h"
#include "serve/routing/json.h"

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

}  // namespace

void add_event_endpoints(Router& router, const EndpointContext& context) {
  router.add({"POST", "/v1/events", {}, Scope::write, false, [context](const RouteRequest& request, Respond respond) {
                const auto answer = DeferredAnswer::within(
                    context.options.events_timeout,
                    "the event log has not acknowledged in time; the events may still be accepted", *request.executor,
                    std::move(respond));
                context.services.events.submit(
                    request.body, context.options.max_events_per_request, [answer](Result<SubmitReceipt> receipt) {
                      answer->give(receipt ? receipt_response(*receipt) : problem(receipt.error()));
                    });
              }});
}

}  // namespace freshet::serve

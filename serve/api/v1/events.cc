// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/line_receipts.h"
#include "serve/api/v1/receipt.h"
#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// Submits the events of NDJSON of any length.
Route::Lines lines_of_events(const EndpointContext& context) {
  const std::size_t most = context.options.max_events_per_request;
  return {most, [context, most](const RouteRequest& request) {
            return std::make_shared<LineReceipts>(
                LineReceipts::Settings{"event", most, context.options.events_timeout}, request.executor,
                [context, most, sender = request.sender()](std::string_view lines,
                                                           std::function<void(Result<Receipt>)> done) {
                  context.services.events.submit(lines, {.max_events = most, .sender = sender, .form = BodyForm::lines},
                                                 std::move(done));
                });
          }};
}

}  // namespace

void add_event_endpoints(Router& router, const EndpointContext& context) {
  const auto event = schema::reference("Event");
  router.add(
      {.method = "POST",
       .path = "/v1/events",
       .scope = Scope::write,
       .operation = "post_events",
       .tag = "events",
       .summary = "Accept events",
       .description = "Answers once the events are durable. Each event is validated by itself; the rejected ones "
                      "are listed with the reason.",
       .body = Route::Body{.description = "One event, an array of events, or NDJSON.",
                           .schema = schema::one_of({event, schema::array_of(event)}),
                           .example =
                               R"({"id":"e1","user":"u1","item":"i42","type":"view","ts":"2026-11-21T21:36:00.123Z"})",
                           .lines = lines_of_events(context)},
       .weigh =
           [context](std::string_view body, BodyForm form) {
             return context.services.events.weigh(body, context.options.max_events_per_request, form);
           },
       .responses = {{202, "The events are durable in the event log.", schema::reference("Receipt"),
                      R"({"accepted":2,"rejected":[{"index":1,"error":"item: missing"}],"token":"0-1042"})"},
                     {400, "Not JSON, too many events, or no valid event.", schema::reference("EventsProblem"), "",
                      kProblemType}},
       .problems = {503},
       .handler =
           [context](const RouteRequest& request, Respond respond) {
             const auto answer =
                 RespondOnce::within(request.left_of(context.options.events_timeout),
                                     "the event log has not acknowledged in time; the events may still be accepted",
                                     *request.executor, std::move(respond));
             context.services.events.submit(
                 request.body, {.max_events = context.options.max_events_per_request, .sender = request.sender()},
                 [answer](Result<Receipt> receipt) {
                   answer->give(receipt ? receipt_response(*receipt, "event") : problem(receipt.error()));
                 });
           }});
}

}  // namespace freshet::serve

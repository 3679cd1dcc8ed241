#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/receipt.h"
#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
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
       .body =
           Route::Body{"One event, an array of events, or NDJSON.", schema::one_of({event, schema::array_of(event)}),
                       R"({"id":"e1","user":"u1","item":"i42","type":"view","ts":"2026-11-21T21:36:00.123Z"})"},
       .weigh =
           [context](std::string_view body) {
             return context.services.events.weigh(body, context.options.max_events_per_request);
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
                 request.body, {context.options.max_events_per_request, request.sender()},
                 [answer](Result<Receipt> receipt) {
                   answer->give(receipt ? receipt_response(*receipt, "event") : problem(receipt.error()));
                 });
           }});
}

}  // namespace freshet::serve

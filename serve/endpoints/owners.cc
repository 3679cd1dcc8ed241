#include "serve/endpoints/endpoints.h"
#include "serve/json.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kDefaultEvents = 1000;

const char* kind_name(Owner::Kind kind) { return kind == Owner::Kind::user ? "user" : "session"; }

ApiResponse export_history(const RouteRequest& request, const EndpointContext& context, Owner::Kind kind) {
  const auto limit = request.number("limit", 1, 100'000, kDefaultEvents);
  if (!limit) return problem(limit.error());
  const Owner owner{kind, request.path.front()};
  const auto count = context.services.histories.count(owner);
  if (!count) return problem(count.error());
  if (*count == 0) return problem(404, std::string("no such ") + kind_name(kind));
  const auto recent = context.services.histories.recent(owner, *limit);
  if (!recent) return problem(recent.error());
  json::array events;
  for (const Event& event : *recent) events.push_back(to_json(event));
  return json_response({{kind_name(kind), owner.id}, {"count", *count}, {"events", std::move(events)}});
}

/// The history goes now; the erase record makes sure that nothing still in the log brings it back, and reaches the
/// learner.
void erase_owner(const RouteRequest& request, const EndpointContext& context, Owner::Kind kind,
                 const Respond& respond) {
  const Owner owner{kind, request.path.front()};
  if (const auto erased = context.services.histories.erase(owner); !erased) return respond(problem(erased.error()));
  context.services.transient.erase(owner);
  context.services.events.erase(owner, [owner, respond](Result<Positions> end) {
    if (!end) return respond(problem(end.error()));
    respond(json_response({{"erased", owner.id}, {"token", to_token(*end)}}, 202));
  });
}

}  // namespace

void add_owner_endpoints(Router& router, const EndpointContext& context) {
  for (const auto& [kind, path] :
       {std::pair{Owner::Kind::user, "/v1/users/{user}"}, std::pair{Owner::Kind::session, "/v1/sessions/{session}"}}) {
    router.add({"GET",
                path,
                {"limit"},
                Scope::admin,
                false,
                [context, kind = kind](const RouteRequest& request, Respond respond) {
                  respond(export_history(request, context, kind));
                }});
    router.add(
        {"DELETE", path, {}, Scope::admin, false, [context, kind = kind](const RouteRequest& request, Respond respond) {
           erase_owner(request, context, kind, respond);
         }});
  }
}

}  // namespace freshet::serve

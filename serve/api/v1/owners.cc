#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "serve/api/v1/deferred.h"
#include "serve/routing/json.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kDefaultEvents = 1000;
constexpr std::size_t kMaxPage = 1000;

const char* kind_name(Owner::Kind kind) { return kind == Owner::Kind::user ? "user" : "session"; }

json::array to_json(const std::vector<Event>& events) {
  json::array out;
  for (const Event& event : events) out.push_back(serve::to_json(event));
  return out;
}

ApiResponse export_history(const RouteRequest& request, const EndpointContext& context, Owner::Kind kind) {
  const auto limit = request.number("limit", 1, 100'000, kDefaultEvents);
  if (!limit) return problem(limit.error());
  const Owner owner = context.owner(kind, request.path.front());
  const auto count = context.services.histories.count(owner);
  if (!count) return problem(count.error());
  if (*count == 0) return problem(404, std::string("no such ") + kind_name(kind));
  const auto recent = context.services.histories.recent(owner, *limit);
  if (!recent) return problem(recent.error());
  return json_response({{kind_name(kind), request.path.front()}, {"count", *count}, {"events", to_json(*recent)}});
}

std::string to_text(const store::HistoryCursor& cursor) {
  return std::to_string(to_ms(cursor.time)) + '-' + std::to_string(cursor.position.partition) + '-' +
         std::to_string(cursor.position.offset);
}

/// The reverse; nullopt for anything else.
std::optional<store::HistoryCursor> parse_cursor(std::string_view text) {
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc{} || numbers[i] < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const bool more = i + 1 < numbers.size();
    if (more != text.starts_with('-') || (!more && !text.empty())) return std::nullopt;
    if (more) text.remove_prefix(1);
  }
  if (!is_event_time(numbers[0]) || numbers[1] > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return store::HistoryCursor{timestamp_from_ms(numbers[0]), {static_cast<std::int32_t>(numbers[1]), numbers[2]}};
}

/// Everything held of the owner, a page at a time: one answer never holds more than a page.
ApiResponse export_all(const RouteRequest& request, const EndpointContext& context, Owner::Kind kind) {
  const auto limit = request.number("limit", 1, kMaxPage, kMaxPage);
  if (!limit) return problem(limit.error());
  std::optional<store::HistoryCursor> after;
  if (const auto text = request.text("cursor")) {
    after = parse_cursor(*text);
    if (!after) return problem(400, "cursor: not the \"next\" of an export");
  }
  const Owner owner = context.owner(kind, request.path.front());
  const auto page = context.services.histories.page(owner, *limit, after);
  if (!page) return problem(page.error());
  json::object body{{kind_name(kind), request.path.front()}, {"events", to_json(page->events)}};
  if (!after) {
    const auto held = context.services.transient.recent(owner, kMaxPage);
    if (page->events.empty() && held.empty()) return problem(404, std::string("no such ") + kind_name(kind));
    body.emplace("without_consent", to_json(held));
  }
  if (page->next) body.emplace("next", to_text(*page->next));
  return json_response(std::move(body));
}

/// The history goes now; the erase record makes sure that nothing still in the log brings it back, and reaches the
/// learner.
void erase_owner(const EndpointContext& context, const Owner& named, const Respond& respond) {
  const Owner owner = context.services.pseudonyms.of(named);
  if (const auto erased = context.services.histories.erase(owner); !erased) return respond(problem(erased.error()));
  context.services.transient.erase(owner);
  context.services.events.erase(named, [named, respond](Result<Positions> end) {
    if (!end) return respond(problem(end.error()));
    respond(json_response({{"erased", named.id}, {"token", to_token(*end)}}, 202));
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
    router.add({"GET",
                std::string(path) + "/export",
                {"limit", "cursor"},
                Scope::admin,
                false,
                [context, kind = kind](const RouteRequest& request, Respond respond) {
                  respond(export_all(request, context, kind));
                }});
    router.add(
        {"DELETE", path, {}, Scope::admin, false, [context, kind = kind](const RouteRequest& request, Respond respond) {
           change_store(request, context, std::move(respond),
                        [context, named = Owner{kind, request.path.front()}](const Respond& answer) {
                          erase_owner(context, named, answer);
                        });
         }});
  }
}

}  // namespace freshet::serve

#include <atomic>

#include "serve/api/v1/endpoints.h"
#include "serve/routing/json.h"
#include "serve/routing/request_id.h"

namespace freshet::serve {
namespace {

ApiResponse list_response(const List& list) {
  ApiResponse response;
  response.body.reserve(256 + 64 * list.items.size());
  JsonWriter out(response.body);
  out.open('{').name("request").text(new_request_id()).name("items").open('[');
  for (const List::Entry& entry : list.items) {
    out.open('{').name("item").text(entry.item).name("score").number(entry.score);
    if (!entry.parts.empty()) {
      out.name("parts").open('{');
      for (const auto& [part, score] : entry.parts) out.name(part).number(score);
      out.close('}');
    }
    out.close('}');
  }
  out.close(']').name("model").open('{').name("version").number(list.model_version);
  out.name("age_ms").number(list.model_age_ms).close('}');
  out.name("source").text(list.source).name("parts").open('[');
  for (const std::string& part : list.parts) out.text(part);
  out.close(']').close('}');
  return response;
}

/// k, exclude, exclude_seen, explain: what every list takes.
Result<ListRequest> list_options(const RouteRequest& request, const Options& options) {
  ListRequest list;
  const auto k = request.number("k", 1, options.max_k, options.default_k);
  const auto exclude_seen = request.flag("exclude_seen");
  const auto explain = request.flag("explain");
  if (!k) return k.error();
  if (!exclude_seen) return exclude_seen.error();
  if (!explain) return explain.error();
  list.k = *k;
  list.exclude_seen = *exclude_seen;
  list.explain = *explain;
  std::string_view names = request.query.contains("exclude") ? request.query.at("exclude") : std::string_view();
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    if (comma > 0) list.exclude.emplace(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return list;
}

const std::vector<std::string> kListQuery{"k", "exclude", "exclude_seen", "explain"};
const std::vector<std::string> kOwnerQuery{"k", "exclude", "exclude_seen", "explain", "after"};

/// Calls `work` on the request's thread once the histories contain what `token` stands for; answers 412 if they do not
/// in time.
void when_visible(const EndpointContext& context, const std::string& token, std::shared_ptr<Executor> executor,
                  Respond respond, std::function<void()> work) {
  auto wanted = parse_token(token);
  if (!wanted) return respond(problem(400, "after: " + wanted.error().message));
  const auto decided = std::make_shared<std::atomic<bool>>(false);
  Watermark& visible = context.services.visible;
  const Watermark::WaiterId waiter = visible.wait_for(*wanted, [decided, executor, work] {
    if (!decided->exchange(true)) executor->post(work);
  });
  if (waiter == 0) return;
  executor->post_after(context.options.after_timeout, [&visible, waiter, decided, respond] {
    visible.cancel(waiter);
    if (decided->exchange(true)) return;
    respond(problem(412, "after: the histories do not contain that position yet"));
  });
}

void recommend_to(const EndpointContext& context, const Owner& owner, ListRequest list, const Respond& respond) {
  auto session = context.recommender.context_of(owner);
  if (!session) return respond(problem(session.error()));
  list.context = *std::move(session);
  respond(list_response(context.recommender.recommend(list)));
}

Handler owner_handler(const EndpointContext& context, Owner::Kind kind) {
  return [context, kind](const RouteRequest& request, Respond respond) {
    auto list = list_options(request, context.options);
    if (!list) return respond(problem(list.error()));
    const Owner owner = context.owner(kind, request.path.front());
    const auto after = request.text("after");
    if (!after) return recommend_to(context, owner, *std::move(list), respond);
    when_visible(context, *after, request.executor, respond,
                 [context, owner, list = *std::move(list), respond] { recommend_to(context, owner, list, respond); });
  };
}

/// A body field that is an array of ids or of events with an "item".
Result<std::vector<std::string>> ids_field(const json::object& body, const char* name, std::size_t most) {
  std::vector<std::string> ids;
  const json::value* field = body.if_contains(name);
  if (field == nullptr) return ids;
  if (!field->is_array()) return Error{Errc::invalid, std::string(name) + ": expected an array"};
  if (field->as_array().size() > most) {
    return Error{Errc::invalid, std::string(name) + ": more than " + std::to_string(most) + " entries"};
  }
  for (const json::value& entry : field->as_array()) {
    const json::value* id = &entry;
    if (entry.is_object()) {
      id = entry.as_object().if_contains("item");
      if (id == nullptr) return Error{Errc::invalid, std::string(name) + ": an event has no item"};
    }
    auto text = id_from_json(*id, name);
    if (!text) return text.error();
    ids.push_back(*std::move(text));
  }
  return ids;
}

Result<json::object> body_object(const RouteRequest& request, std::initializer_list<std::string_view> fields) {
  auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_object()) return Error{Errc::invalid, "expected a JSON object"};
  for (const auto& [name, value] : body->as_object()) {
    if (std::ranges::count(fields, std::string_view(name)) == 0) {
      return Error{Errc::invalid, std::string(name) + ": unknown field"};
    }
  }
  return body->as_object();
}

Result<bool> bool_field(const json::object& body, const char* name) {
  const json::value* field = body.if_contains(name);
  if (field == nullptr) return false;
  if (!field->is_bool()) return Error{Errc::invalid, std::string(name) + ": expected true or false"};
  return field->as_bool();
}

/// {"session": [...], "k": 20, "exclude": [...], "exclude_seen": false, "explain": false}
Result<ListRequest> stateless_request(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = body_object(request, {"session", "k", "exclude", "exclude_seen", "explain"});
  if (!body) return body.error();
  ListRequest list;
  list.k = context.options.default_k;
  if (const json::value* k = body->if_contains("k")) {
    const bool fits =
        k->is_int64() && k->as_int64() >= 1 && k->as_int64() <= static_cast<std::int64_t>(context.options.max_k);
    if (!fits) {
      return Error{Errc::invalid, "k: expected an integer from 1 to " + std::to_string(context.options.max_k)};
    }
    list.k = static_cast<std::size_t>(k->as_int64());
  }
  const auto session = ids_field(*body, "session", most);
  const auto exclude = ids_field(*body, "exclude", most);
  const auto exclude_seen = bool_field(*body, "exclude_seen");
  const auto explain = bool_field(*body, "explain");
  if (!session) return session.error();
  if (!exclude) return exclude.error();
  if (!exclude_seen) return exclude_seen.error();
  if (!explain) return explain.error();
  list.context = context.recommender.context_of(*session);
  list.exclude = {exclude->begin(), exclude->end()};
  list.exclude_seen = *exclude_seen;
  list.explain = *explain;
  return list;
}

/// {"user"|"session": id, "items": [...]}: session may also be an array of items.
ApiResponse rank(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = body_object(request, {"user", "session", "items"});
  if (!body) return problem(body.error());
  if (!body->contains("items")) return problem(400, "items: missing");
  const auto items = ids_field(*body, "items", most);
  if (!items) return problem(items.error());
  std::set<std::string_view> distinct(items->begin(), items->end());
  if (distinct.size() != items->size()) return problem(400, "items: the same item twice");

  online::Context session = context.recommender.context_of(std::vector<std::string>{});
  const json::value* user = body->if_contains("user");
  const json::value* given = body->if_contains("session");
  if (user != nullptr && given != nullptr) return problem(400, "give user or session, not both");
  if (given != nullptr && given->is_array()) {
    const auto visited = ids_field(*body, "session", most);
    if (!visited) return problem(visited.error());
    session = context.recommender.context_of(*visited);
  } else if (user != nullptr || given != nullptr) {
    const auto id = id_from_json(user != nullptr ? *user : *given, user != nullptr ? "user" : "session");
    if (!id) return problem(id.error());
    auto stored =
        context.recommender.context_of(context.owner(user != nullptr ? Owner::Kind::user : Owner::Kind::session, *id));
    if (!stored) return problem(stored.error());
    session = *std::move(stored);
  }
  return list_response(context.recommender.rank(session, *items));
}

}  // namespace

void add_recommendation_endpoints(Router& router, const EndpointContext& context) {
  router.add({"GET", "/v1/users/{user}/recommendations", kOwnerQuery, Scope::read, true,
              owner_handler(context, Owner::Kind::user)});
  router.add({"GET", "/v1/sessions/{session}/recommendations", kOwnerQuery, Scope::read, true,
              owner_handler(context, Owner::Kind::session)});
  router.add(
      {"POST", "/v1/recommendations", {}, Scope::read, true, [context](const RouteRequest& request, Respond respond) {
         const auto list = stateless_request(request, context);
         respond(list ? list_response(context.recommender.recommend(*list)) : problem(list.error()));
       }});
  router.add({"POST", "/v1/rank", {}, Scope::read, true, [context](const RouteRequest& request, Respond respond) {
                respond(rank(request, context));
              }});
  router.add({"GET", "/v1/items/{item}/similar", kListQuery, Scope::read, true,
              [context](const RouteRequest& request, Respond respond) {
                auto list = list_options(request, context.options);
                if (!list) return respond(problem(list.error()));
                list->context = context.recommender.context_of({request.path.front()});
                if (list->context.session.empty()) return respond(problem(404, "nobody has visited this item yet"));
                respond(list_response(context.recommender.recommend(*list)));
              }});
  router.add(
      {"GET", "/v1/popular", kListQuery, Scope::read, true, [context](const RouteRequest& request, Respond respond) {
         auto list = list_options(request, context.options);
         if (!list) return respond(problem(list.error()));
         list->context = context.recommender.context_of(std::vector<std::string>{});
         respond(list_response(context.recommender.popular(*list)));
       }});
}

}  // namespace freshet::serve

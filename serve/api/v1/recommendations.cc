#include <algorithm>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/visible.h"
#include "serve/routing/json.h"
#include "serve/routing/json_parser.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// Of a list's body: room for the largest filter and ten thousand ids.
constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20;

ApiResponse list_response(const List& list) {
  ApiResponse response;
  response.body.reserve(256 + 64 * list.items.size());
  JsonWriter out(response.body);
  out.open('{').name("request").text(list.id).name("items").open('[');
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

/// The parameters that every list takes.
std::vector<const ParameterBase*> list_parameters(const Parameters& all) {
  return {&all.k, &all.exclude, &all.exclude_seen, &all.explain, &all.filter};
}

ListRequest list_request(const RouteRequest& request, const Parameters& all) {
  return {.context = {},
          .k = request.get(all.k),
          .exclude = request.get(all.exclude),
          .exclude_seen = request.get(all.exclude_seen),
          .seen = {},
          .only = nullptr,
          .explain = request.get(all.explain)};
}

/// What a list is asked for, and the filter expression; empty: none.
struct FilteredRequest {
  ListRequest list;
  std::string filter = {};
};

FilteredRequest filtered_request(const RouteRequest& request, const Parameters& all) {
  return {list_request(request, all), request.get(all.filter).value_or("")};
}

/// The answer of `make`, for the items that the filter matches. `about`: the item that the list is about, if any.
template <typename Make>
ApiResponse filtered(const EndpointContext& context, FilteredRequest request, std::string_view about, Make make) {
  if (!request.filter.empty()) {
    auto only = context.recommender.selection(request.filter, about);
    if (!only) return problem(Error{only.error().code, "filter: " + only.error().message});
    request.list.only = *std::move(only);
  }
  return list_response(make(request.list));
}

ApiResponse recommend_to(const EndpointContext& context, const Owner& owner, FilteredRequest request) {
  ListRequest& list = request.list;
  auto session = context.recommender.context_of(owner);
  if (!session) return problem(session.error());
  list.context = *std::move(session);
  if (list.exclude_seen) {
    auto seen = context.recommender.seen_by(owner);
    if (!seen) return problem(seen.error());
    list.seen = *std::move(seen);
  }
  return filtered(context, std::move(request), {},
                  [&](const ListRequest& whole) { return context.recommender.recommend(whole); });
}

Handler owner_handler(const EndpointContext& context, Owner::Kind kind, const Parameter<std::string>& id) {
  return [context, kind, &id](const RouteRequest& request, Respond respond) {
    const Owner owner = context.owner(kind, request.get(id));
    after_visible(context, request.get(context.parameters.after), request.executor, std::move(respond),
                  [context, owner, list = filtered_request(request, context.parameters)] {
                    return recommend_to(context, owner, list);
                  });
  };
}

ApiResponse similar_items(const EndpointContext& context, const std::string& item, FilteredRequest request) {
  request.list.context = context.recommender.context_of({item});
  if (request.list.context.session.empty()) return problem(404, "nobody has visited this item yet");
  return filtered(context, std::move(request), item,
                  [&](const ListRequest& list) { return context.recommender.recommend(list); });
}

ApiResponse popular_items(const EndpointContext& context, FilteredRequest request) {
  request.list.context = context.recommender.context_of(std::vector<std::string>{});
  return filtered(context, std::move(request), {},
                  [&](const ListRequest& list) { return context.recommender.popular(list); });
}

/// A field of the body that is an array; empty if it is left out.
Result<json::array> array_field(const json::object& body, const char* name, std::size_t most) {
  const json::value* field = body.if_contains(name);
  if (field == nullptr) return json::array();
  if (!field->is_array()) return Error{Errc::invalid, std::string(name) + ": expected an array"};
  if (field->as_array().size() > most) {
    return Error{Errc::invalid, std::string(name) + ": more than " + std::to_string(most) + " entries"};
  }
  return field->as_array();
}

Result<std::vector<std::string>> ids_field(const json::object& body, const char* name, std::size_t most) {
  std::vector<std::string> ids;
  const auto entries = array_field(body, name, most);
  if (!entries) return entries.error();
  for (const json::value& entry : *entries) {
    auto id = id_from_json(entry, name);
    if (!id) return id.error();
    ids.push_back(*std::move(id));
  }
  return ids;
}

bool is_given(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && !value->is_null();
}

/// An entry of a session: the id of an item, or an event, which is judged as others are, but needs no owner.
Result<Event> session_entry(const json::value& entry, const EndpointContext& context) {
  Event event;
  event.time = context.services.histories.stream_time();
  if (!entry.is_object()) {
    auto item = id_from_json(entry, "session");
    if (!item) return item.error();
    event.item = *std::move(item);
    return event;
  }
  json::object text = entry.as_object();
  if (!is_given(text, "user") && !is_given(text, "session")) text["session"] = "-";
  auto judged = context.services.events.judge(to_text(text));
  if (!judged) return Error{Errc::invalid, "session: " + judged.error().message};
  if (!is_given(text, "ts")) judged->time = event.time;
  return judged;
}

/// The session in the field "session" of the body, oldest first. An event that comes again, by its id, counts once.
Result<std::vector<Event>> session_field(const json::object& body, const EndpointContext& context) {
  std::vector<Event> session;
  const auto entries = array_field(body, "session", context.options.max_items_per_request);
  if (!entries) return entries.error();
  std::set<std::string> ids;
  for (const json::value& entry : *entries) {
    auto event = session_entry(entry, context);
    if (!event) return event.error();
    if (!event->id.empty() && !ids.insert(event->id).second) continue;
    session.push_back(*std::move(event));
  }
  return session;
}

/// The body, without the fields that are null: these count as absent.
Result<json::object> body_object(const RouteRequest& request, std::initializer_list<std::string_view> fields) {
  auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_object()) return Error{Errc::invalid, "expected a JSON object"};
  for (const auto& [name, value] : body->as_object()) {
    if (std::ranges::count(fields, std::string_view(name)) == 0) {
      return Error{Errc::invalid, std::string(name) + ": unknown field"};
    }
  }
  json::object& object = body->as_object();
  for (const std::string_view field : fields) {
    if (!is_given(object, field)) object.erase(field);
  }
  return std::move(object);
}

/// The filter in the body: an expression as text, or as JSON.
std::string filter_field(const json::object& body) {
  const json::value* const filter = body.if_contains("filter");
  if (filter == nullptr) return {};
  return filter->is_string() ? std::string(filter->as_string()) : to_text(*filter);
}

Result<FilteredRequest> stateless_request(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = body_object(request, {"session", "k", "exclude", "exclude_seen", "explain", "filter"});
  if (!body) return body.error();
  const auto k = json_field(*body, context.parameters.k);
  auto session = session_field(*body, context);
  const auto exclude = ids_field(*body, "exclude", most);
  const auto exclude_seen = json_field(*body, context.parameters.exclude_seen);
  const auto explain = json_field(*body, context.parameters.explain);
  if (!k) return k.error();
  if (!session) return session.error();
  if (!exclude) return exclude.error();
  if (!exclude_seen) return exclude_seen.error();
  if (!explain) return explain.error();
  FilteredRequest filtered;
  filtered.filter = filter_field(*body);
  ListRequest& list = filtered.list;
  for (const Event& event : *session) list.seen.insert(event.item);
  list.context = context.recommender.context_of(*std::move(session));
  list.k = *k;
  list.exclude.insert(exclude->begin(), exclude->end());
  list.exclude_seen = *exclude_seen;
  list.explain = *explain;
  return filtered;
}

ApiResponse stateless_list(const RouteRequest& request, const EndpointContext& context) {
  auto list = stateless_request(request, context);
  if (!list) return problem(list.error());
  return filtered(context, *std::move(list), {},
                  [&](const ListRequest& whole) { return context.recommender.recommend(whole); });
}

ApiResponse ranked_items(const RouteRequest& request, const EndpointContext& context) {
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
    auto visited = session_field(*body, context);
    if (!visited) return problem(visited.error());
    session = context.recommender.context_of(*std::move(visited));
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

/// What all endpoints that answer with a list have in common.
Route list_route(std::string method, std::string path) {
  return {.method = std::move(method),
          .path = std::move(path),
          .scope = Scope::read,
          .sheddable = true,
          .tag = "recommendations",
          .responses = {{200, "Items, best first.", schema::reference("List"),
                         R"({"request":"5f1c2a90be7d4e13","items":[{"item":"i42","score":3.12}],)"
                         R"("model":{"version":17,"age_ms":120},"source":"blend","parts":["covisitation","lstm"]})"}}};
}

}  // namespace

void add_recommendation_endpoints(Router& router, const EndpointContext& context) {
  const Parameters& parameters = context.parameters;
  const auto for_owner = [&](Owner::Kind kind, const Parameter<std::string>& id) {
    Route route = list_route("GET", "/v1/" + id.name + "s/{" + id.name + "}/recommendations");
    route.parameters = list_parameters(parameters);
    route.parameters.insert(route.parameters.begin(), &id);
    route.parameters.push_back(&parameters.after);
    route.operation = "recommend_" + id.name;
    route.summary = "Recommend to a " + id.name;
    route.problems = {412};
    route.handler = owner_handler(context, kind, id);
    router.add(std::move(route));
  };
  for_owner(Owner::Kind::user, parameters.user);
  for_owner(Owner::Kind::session, parameters.session);

  Route stateless = list_route("POST", "/v1/recommendations");
  stateless.operation = "recommend_stateless";
  stateless.summary = "Recommend for a session given in the request";
  stateless.body = Route::Body{"The session, oldest first.", schema::reference("StatelessRequest"),
                               R"({"session":["i1","i7"],"k":20,"exclude":["i9"]})", kMaxBodyBytes};
  stateless.handler = immediately([context](const RouteRequest& request) { return stateless_list(request, context); });
  router.add(std::move(stateless));

  Route rank = list_route("POST", "/v1/rank");
  rank.operation = "rank";
  rank.summary = "Rank the caller's candidates";
  rank.description = "Every item is returned once. Items unknown to the model come last, in the given order.";
  rank.body = Route::Body{"The user or session, and the items to rank.", schema::reference("RankRequest"),
                          R"({"user":"u1","items":["a","b"]})", kMaxBodyBytes};
  rank.handler = immediately([context](const RouteRequest& request) { return ranked_items(request, context); });
  router.add(std::move(rank));

  Route similar = list_route("GET", "/v1/items/{item}/similar");
  similar.parameters = list_parameters(parameters);
  similar.parameters.insert(similar.parameters.begin(), &parameters.item);
  similar.operation = "similar";
  similar.summary = "List items that go with an item";
  similar.description = "The list for a session that has just visited this item.";
  similar.problems = {404, 412};
  similar.parameters.push_back(&parameters.after);
  similar.handler = [context](const RouteRequest& request, Respond respond) {
    after_visible(
        context, request.get(context.parameters.after), request.executor, std::move(respond),
        [context, item = request.get(context.parameters.item), list = filtered_request(request, context.parameters)] {
          return similar_items(context, item, list);
        });
  };
  router.add(std::move(similar));

  Route popular = list_route("GET", "/v1/popular");
  popular.parameters = list_parameters(parameters);
  popular.operation = "popular";
  popular.summary = "List popular items";
  popular.parameters.push_back(&parameters.after);
  popular.problems = {412};
  popular.handler = [context](const RouteRequest& request, Respond respond) {
    after_visible(
        context, request.get(context.parameters.after), request.executor, std::move(respond),
        [context, list = filtered_request(request, context.parameters)] { return popular_items(context, list); });
  };
  router.add(std::move(popular));
}

}  // namespace freshet::serve

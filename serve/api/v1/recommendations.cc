#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/list_request.h"
#include "serve/api/v1/visible.h"
#include "serve/routing/json.h"
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
    if (entry.propensity) out.name("explored").raw("true").name("propensity").number(*entry.propensity);
    out.close('}');
  }
  out.close(']').name("model").open('{').name("version").number(list.model_version);
  out.name("age_ms").number(list.model_age_ms).close('}');
  out.name("source").text(list.source).name("parts").open('[');
  for (const std::string& part : list.parts) out.text(part);
  out.close(']').close('}');
  return response;
}

/// What a filter may cost a list (store::FilterWork): where it holds up other requests, about a millisecond; on the thread
/// for that, a quarter or half of a second. A word in the titles of a million items, about which several parts ask, fits.
constexpr std::uint64_t kMostWorkInPlace = 40'000, kMostWork = 20'000'000;

/// How a list is made.
using Make = List (Recommender::*)(const ListRequest& request) const;

/// The answer, for the items that the filter matches; nullopt if that is more work than it may be. `about`: the item that the
/// list is about, if any.
std::optional<ApiResponse> filtered(const EndpointContext& context, ListRequest request, std::string_view filter,
                                    std::string_view about, std::uint64_t most_work, Make make) {
  auto only = context.recommender.selection(filter, about, most_work);
  if (!only) return problem(Error{only.error().code, "filter: " + only.error().message});
  request.only = *std::move(only);
  const List list = (context.recommender.*make)(request);
  if (request.only->is_used_up()) return std::nullopt;
  return list_response(list);
}

/// Answers with the list. One whose filter turns out to cost much is made again, on another thread.
void answer_with_list(const EndpointContext& context, AskedList asked, std::string about,
                      const std::shared_ptr<Executor>& executor, const Respond& respond, Make make) {
  if (asked.filter.empty()) return respond(list_response((context.recommender.*make)(asked.list)));
  asked.list.seed = context.recommender.new_seed();
  if (auto answer = filtered(context, asked.list, asked.filter, about, kMostWorkInPlace, make)) {
    return respond(*std::move(answer));
  }
  executor->post_reading([context, respond, make, asked = std::move(asked), about = std::move(about)](bool in_time) {
    if (!in_time) return respond(problem(503, "too many costly lists at once; try again"));
    auto answer = filtered(context, asked.list, asked.filter, about, kMostWork, make);
    if (!answer) {
      answer =
          problem(400,
                  "filter: compares too much: too many comparisons, or texts that are too long, for so many items; "
                  "narrow it by an attribute, such as category = ... AND ...");
    }
    respond(*std::move(answer));
  });
}

void recommend_to(const EndpointContext& context, const Owner& owner, AskedList asked,
                  const std::shared_ptr<Executor>& executor, const Respond& respond) {
  auto session = context.recommender.context_of(owner);
  if (!session) return respond(problem(session.error()));
  asked.list.context = *std::move(session);
  if (asked.wants_events()) {
    const auto visited = context.recommender.visit_events(owner, [&](const Event& event) { asked.take(event); });
    if (!visited) return respond(problem(visited.error()));
  }
  answer_with_list(context, std::move(asked), {}, executor, respond, &Recommender::recommend);
}

void similar_items(const EndpointContext& context, const std::string& item, AskedList asked,
                   const std::shared_ptr<Executor>& executor, const Respond& respond) {
  asked.list.context = context.recommender.context_of({item});
  if (asked.list.context.session.empty())
    return respond(problem(404, "no event had this item, and the catalogue does not have it"));
  answer_with_list(context, std::move(asked), item, executor, respond, &Recommender::recommend);
}

void popular_items(const EndpointContext& context, std::monostate, AskedList asked,
                   const std::shared_ptr<Executor>& executor, const Respond& respond) {
  asked.list.context = context.recommender.context_of(std::vector<std::string>{});
  answer_with_list(context, std::move(asked), {}, executor, respond, &Recommender::popular);
}

/// A GET of a list about what `subject(request)` names, with which `answer` answers.
template <typename Subject, typename Answer>
Handler list_handler(const EndpointContext& context, ListKind kind, Subject subject, Answer answer) {
  return [=](const RouteRequest& request, Respond respond) {
    auto asked = asked_list(request, context, kind);
    if (!asked) return respond(problem(asked.error()));
    after_visible(context, request.get(context.parameters.after), request.executor, std::move(respond),
                  [context, answer, about = subject(request), asked = *std::move(asked), executor = request.executor](
                      const Respond& respond_now) { answer(context, about, asked, executor, respond_now); });
  };
}

void recommend_stateless(const EndpointContext& context, const RouteRequest& request, const Respond& respond) {
  auto asked = stateless_list(request, context);
  if (!asked) return respond(problem(asked.error()));
  answer_with_list(context, *std::move(asked), {}, request.executor, respond, &Recommender::recommend);
}

ApiResponse ranked_items(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = body_object(request, {"user", "session", "items", "content"});
  if (!body) return problem(body.error());
  if (!body->contains("items")) return problem(400, "items: missing");
  const auto items = ids_field(*body, "items", most);
  if (!items) return problem(items.error());
  const auto content = json_field(*body, context.parameters.content);
  if (!content) return problem(content.error());
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
  return list_response(context.recommender.rank(session, *items, *content));
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
    route.parameters = list_parameters(parameters, ListKind::owner);
    route.parameters.insert(route.parameters.begin(), &id);
    route.operation = "recommend_" + id.name;
    route.summary = "Recommend to a " + id.name;
    route.problems = {412};
    const auto owner = [context, kind, &id](const RouteRequest& request) {
      return context.owner(kind, request.get(id));
    };
    route.handler = list_handler(context, ListKind::owner, owner, recommend_to);
    router.add(std::move(route));
  };
  for_owner(Owner::Kind::user, parameters.user);
  for_owner(Owner::Kind::session, parameters.session);

  Route stateless = list_route("POST", "/v1/recommendations");
  stateless.operation = "recommend_stateless";
  stateless.summary = "Recommend for a session given in the request";
  stateless.body = Route::Body{"The session, oldest first.", schema::reference("StatelessRequest"),
                               R"({"session":["i1","i7"],"k":20,"exclude":["i9"]})", kMaxBodyBytes};
  stateless.handler = [context](const RouteRequest& request, const Respond& respond) {
    recommend_stateless(context, request, respond);
  };
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
  similar.parameters = list_parameters(parameters, ListKind::session);
  similar.parameters.insert(similar.parameters.begin(), &parameters.item);
  similar.operation = "similar";
  similar.summary = "List items that go with an item";
  similar.description = "The list for a session that has just visited this item.";
  similar.problems = {404, 412};
  const auto item = [&parameters](const RouteRequest& request) { return request.get(parameters.item); };
  similar.handler = list_handler(context, ListKind::session, item, similar_items);
  router.add(std::move(similar));

  Route popular = list_route("GET", "/v1/popular");
  popular.parameters = list_parameters(parameters, ListKind::popular);
  popular.operation = "popular";
  popular.summary = "List popular items";
  popular.problems = {412};
  const auto nothing = [](const RouteRequest&) { return std::monostate(); };
  popular.handler = list_handler(context, ListKind::popular, nothing, popular_items);
  router.add(std::move(popular));
}

}  // namespace freshet::serve

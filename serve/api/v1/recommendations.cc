// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/list_answer.h"
#include "serve/api/v1/list_request.h"
#include "serve/api/v1/visible.h"
#include "serve/recommend/page_token.h"
#include "serve/routing/json.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// Of a list's body: room for the largest filter and ten thousand ids.
constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 20;

/// What a filter may cost a list (store::FilterWork): where it holds up other requests, about a millisecond; on the thread
/// for that, a quarter or half of a second. A word in the titles of a million items, about which several parts ask, fits.
constexpr std::uint64_t kMostWorkInPlace = 40'000, kMostWork = 20'000'000;

/// How a list is made.
using Make = List (Recommender::*)(const ListRequest& request) const;

/// A list that is being made, and how it is answered.
struct Job {
  AskedList asked;
  std::string about;  ///< the item that the list is about, if any
  Make make = &Recommender::recommend;
  std::optional<ListPage> page = {};  ///< of a list for a user or session
};

ApiResponse response(const EndpointContext& context, const Job& job, List list) {
  return job.page ? page_response(context, *job.page, std::move(list)) : list_response(list);
}

/// The answer, for the items that the filter matches; nullopt if that is more work than it may be.
std::optional<ApiResponse> filtered(const EndpointContext& context, const Job& job, std::uint64_t most_work) {
  auto only = context.recommender.selection(job.asked.filter, job.about, most_work);
  if (!only) return problem(Error{only.error().code, "filter: " + only.error().message});
  ListRequest request = job.asked.list;
  request.only = *std::move(only);
  List list = (context.recommender.*job.make)(request);
  const bool is_used_up = request.only->is_used_up();
  request.only.reset();  // nothing else waits while it holds the catalogue: the list is recorded without
  if (is_used_up) return std::nullopt;
  return response(context, job, std::move(list));
}

/// Answers with the list. One whose filter turns out to cost much is made again, on another thread.
void answer_with_list(const EndpointContext& context, Job job, const std::shared_ptr<Executor>& executor,
                      const Respond& respond) {
  if (job.asked.filter.empty()) {
    return respond(response(context, job, (context.recommender.*job.make)(job.asked.list)));
  }
  job.asked.list.seed = context.recommender.new_seed();
  if (auto answer = filtered(context, job, kMostWorkInPlace)) return respond(*std::move(answer));
  executor->post_reading([context, respond, job = std::move(job)](bool in_time) {
    if (!in_time) return respond(problem(503, "too many costly lists at once; try again"));
    auto answer = filtered(context, job, kMostWork);
    if (!answer) {
      answer =
          problem(400,
                  "filter: compares too much: too many comparisons, or texts that are too long, for so many items; "
                  "narrow it by an attribute, such as category = ... AND ...");
    }
    respond(*std::move(answer));
  });
}

/// Sets what the page asks for. A later page is made from a list that has room for what the pages before have.
/// Errors: invalid: the token of the page.
Result<ListPage> page_of(AskedList& asked, Audience audience) {
  audience.placement = asked.placement;
  ListPage page{std::move(audience), asked.list.k};
  if (!asked.page) return page;
  auto token = parse_page_token(*asked.page, page.audience.owner);
  if (!token) return Error{token.error().code, "page: " + token.error().message};
  page.audience.page_of = std::move(token->first);
  page.shown = std::move(token->shown);
  asked.list.k += page.shown.size();
  asked.list.explores = false;
  return page;
}

void recommend_to(const EndpointContext& context, const Audience& audience, AskedList asked,
                  const std::shared_ptr<Executor>& executor, const Respond& respond) {
  const Owner& owner = audience.owner;
  auto page = page_of(asked, audience);
  if (!page) return respond(problem(page.error()));
  auto session = context.recommender.context_of(owner);
  if (!session) return respond(problem(session.error()));
  asked.list.context = *std::move(session);
  if (asked.wants_events()) {
    const auto visited = context.recommender.visit_events(
        owner, [&](const Event& event) { asked.take(event, context.services.online); });
    if (!visited) return respond(problem(visited.error()));
  }
  if (asked.exclude_served) {
    auto served = context.recorder.items_since(owner, *asked.exclude_served);
    if (!served) return respond(problem(served.error()));
    asked.list.served = *std::move(served);
  }
  answer_with_list(context, {std::move(asked), {}, &Recommender::recommend, *std::move(page)}, executor, respond);
}

void similar_items(const EndpointContext& context, const std::string& item, AskedList asked,
                   const std::shared_ptr<Executor>& executor, const Respond& respond) {
  asked.list.context = context.recommender.context_of({item});
  if (asked.list.context.session.empty())
    return respond(problem(404, "no event had this item, and the catalogue does not have it"));
  answer_with_list(context, {std::move(asked), item}, executor, respond);
}

void popular_items(const EndpointContext& context, std::monostate, AskedList asked,
                   const std::shared_ptr<Executor>& executor, const Respond& respond) {
  asked.list.context = context.recommender.context_of(std::vector<std::string>{});
  answer_with_list(context, {std::move(asked), {}, &Recommender::popular}, executor, respond);
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
  answer_with_list(context, {*std::move(asked), {}}, request.executor, respond);
}

/// What a body of POST /v1/rank asks for.
struct AskedRanking {
  online::Context session;
  std::vector<std::string> items;
  std::optional<double> content;
  std::optional<online::Values> values;
  std::optional<Audience> audience;  ///< of a stored user or session
};

/// Sets session and audience.
/// Errors: invalid, naming the field; those of the histories.
Result<void> take_session(const json::object& body, const EndpointContext& context, AskedRanking& asked) {
  auto placement = placement_field(body, context);
  if (!placement) return placement.error();
  const json::value* user = body.if_contains("user");
  const json::value* given = body.if_contains("session");
  if (user != nullptr && given != nullptr) return Error{Errc::invalid, "give user or session, not both"};
  if (user == nullptr && given == nullptr) {
    asked.session = context.recommender.context_of(std::vector<std::string>{});
    return {};
  }
  if (given != nullptr && given->is_array()) {
    auto visited = session_field(body, context);
    if (!visited) return visited.error();
    asked.session = context.recommender.context_of(*std::move(visited));
    return {};
  }
  const auto kind = user != nullptr ? Owner::Kind::user : Owner::Kind::session;
  auto id = id_from_json(user != nullptr ? *user : *given, user != nullptr ? "user" : "session");
  if (!id) return id.error();
  asked.audience = Audience{{kind, *id}, context.owner(kind, *id), *std::move(placement)};
  auto stored = context.recommender.context_of(asked.audience->owner);
  if (!stored) return stored.error();
  asked.session = *std::move(stored);
  return {};
}

Result<AskedRanking> asked_ranking(const RouteRequest& request, const EndpointContext& context) {
  const auto body = body_object(request, {"user", "session", "items", "content", "value", "placement"});
  if (!body) return body.error();
  if (!body->contains("items")) return Error{Errc::invalid, "items: missing"};
  auto items = ids_field(*body, "items", context.options.max_items_per_request);
  if (!items) return items.error();
  const auto content = json_field(*body, context.parameters.content);
  if (!content) return content.error();
  auto values = values_field(*body, context);
  if (!values) return values.error();
  if (std::set<std::string_view>(items->begin(), items->end()).size() != items->size()) {
    return Error{Errc::invalid, "items: the same item twice"};
  }
  AskedRanking asked;
  asked.items = *std::move(items);
  asked.content = *content;
  asked.values = *std::move(values);
  if (auto taken = take_session(*body, context, asked); !taken) return taken.error();
  return asked;
}

ApiResponse ranked_items(const RouteRequest& request, const EndpointContext& context) {
  const auto asked = asked_ranking(request, context);
  if (!asked) return problem(asked.error());
  const List list = context.recommender.rank(asked->session, asked->items, asked->content, asked->values);
  if (asked->audience) context.recorder.record(*asked->audience, list);
  return list_response(list);
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
    const auto audience = [context, kind, &id](const RouteRequest& request) {
      return Audience{{kind, request.get(id)}, context.owner(kind, request.get(id))};
    };
    route.handler = list_handler(context, ListKind::owner, audience, recommend_to);
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

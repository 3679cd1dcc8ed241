#include <algorithm>

#include "online/model/session.h"
#include "serve/api/v1/endpoints.h"
#include "serve/routing/json.h"

namespace freshet::serve {
namespace {

/// Whoever has no history is nobody, whether or not the learner has read yet that they are erased.
Result<bool> exists(const EndpointContext& context, const Owner& user) {
  const auto count = context.services.histories.count(user);
  if (!count) return count.error();
  return *count > 0;
}

ApiResponse similar_users(const RouteRequest& request, const EndpointContext& context) {
  const auto k = request.number("k", 1, context.options.max_k, context.options.default_k);
  if (!k) return problem(k.error());
  const auto snapshot = context.services.snapshot();
  const online::UserNeighbors* neighbors = snapshot->user_neighbors();
  if (neighbors == nullptr) return problem(404, "no part compares users: online.parts has no user_cf");
  const Owner user = context.owner(Owner::Kind::user, request.path.front());
  const auto known = exists(context, user);
  if (!known) return problem(known.error());
  std::vector<online::SimilarUser> similar;
  if (!*known || !neighbors->similar_users(online::owner_key(user.kind, user.id), *k, similar)) {
    return problem(404, "no such user, or nothing learned about them yet");
  }
  json::array users;
  for (const online::SimilarUser& other : similar) {
    const auto there = exists(context, {Owner::Kind::user, other.user});
    if (!there) return problem(there.error());
    if (*there) users.push_back({{"user", other.user}, {"similarity", other.similarity}});
  }
  const std::int64_t age = to_ms(context.services.clock.now()) - to_ms(snapshot->published);
  return json_response({{"user", request.path.front()},
                        {"similar", std::move(users)},
                        {"model", {{"version", snapshot->version}, {"age_ms", std::max<std::int64_t>(0, age)}}}});
}

}  // namespace

void add_user_endpoints(Router& router, const EndpointContext& context) {
  router.add({"GET",
              "/v1/users/{user}/similar",
              {"k"},
              Scope::read,
              true,
              [context](const RouteRequest& request, Respond respond) { respond(similar_users(request, context)); }});
}

}  // namespace freshet::serve

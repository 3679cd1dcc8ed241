// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "serve/api/v1/endpoints.h"
#include "serve/routing/json.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// A user without a history counts as unknown, even if the learner has not read the erase record yet.
Result<bool> exists(const EndpointContext& context, const Owner& user) {
  const auto count = context.services.histories.count(user);
  if (!count) return count.error();
  return *count > 0;
}

ApiResponse similar_users(const RouteRequest& request, const EndpointContext& context) {
  const std::string& id = request.get(context.parameters.user);
  const auto snapshot = context.services.snapshot();
  const online::UserNeighbors* neighbors = snapshot->user_neighbors();
  if (neighbors == nullptr) return problem(404, "no part compares users: online.parts has no user_cf");
  const Owner user = context.owner(Owner::Kind::user, id);
  const auto known = exists(context, user);
  if (!known) return problem(known.error());
  std::vector<online::SimilarUser> similar;
  if (!*known ||
      !neighbors->similar_users(snapshot->ids.owner(user.kind, user.id), request.get(context.parameters.k), similar)) {
    return problem(404, "no such user, or nothing learned about them yet");
  }
  json::array users;
  for (const online::SimilarUser& other : similar) {
    const auto there = exists(context, {Owner::Kind::user, other.user});
    if (!there) return problem(there.error());
    if (*there) users.push_back({{"user", other.user}, {"similarity", other.similarity}});
  }
  const std::int64_t age = to_ms(context.services.clock.now()) - to_ms(snapshot->published);
  return json_response({{"user", id},
                        {"similar", std::move(users)},
                        {"model", {{"version", snapshot->version}, {"age_ms", std::max<std::int64_t>(0, age)}}}});
}

}  // namespace

void add_user_endpoints(Router& router, const EndpointContext& context) {
  router.add(
      {.method = "GET",
       .path = "/v1/users/{user}/similar",
       .parameters = {&context.parameters.user, &context.parameters.k},
       .scope = Scope::read,
       .sheddable = true,
       .operation = "similar_users",
       .tag = "recommendations",
       .summary = "List users similar to a user",
       .description = "The nearest of the most recently active users, by cosine of the vectors that matrix "
                      "factorization has learned. With `store.pseudonym_key` they are named by pseudonym. 404 "
                      "for an unknown user, and if the part `user_cf` is off.",
       .responses = {{200, "Users, most similar first.", schema::reference("SimilarUsers"),
                      R"({"user":"u1","similar":[{"user":"u7","similarity":0.93}],)"
                      R"("model":{"version":17,"age_ms":120}})"}},
       .problems = {404},
       .handler = immediately([context](const RouteRequest& request) { return similar_users(request, context); })});
}

}  // namespace freshet::serve

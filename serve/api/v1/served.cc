// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/served.h"

#include <optional>
#include <string>
#include <utility>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/export_cursor.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

void write(JsonWriter& out, const store::StoredList& stored) {
  const ServedList& list = stored.list;
  out.open('{').name("request").text(list.request).name("ts").text(format_rfc3339(stored.time));
  if (!list.page_of.empty()) out.name("page_of").text(list.page_of);
  out.name("placement").text(list.placement);
  if (!list.arm.empty()) out.name("arm").text(list.arm);
  out.name("policy").text(list.policy).name("model").number(list.model).name("items").open('[');
  for (const auto& entry : list.entries) {
    out.open('{').name("item").text(entry.item).name("score").number(entry.score);
    if (entry.propensity != 1) out.name("explored").raw("true").name("propensity").number(entry.propensity);
    out.close('}');
  }
  out.close(']').close('}');
}

ApiResponse served_page(const RouteRequest& request, const EndpointContext& context, Owner::Kind kind,
                        const Parameter<std::string>& parameter) {
  const std::string& id = request.get(parameter);
  const auto& after = request.get(context.parameters.served_cursor);
  const auto page =
      context.services.served.page(context.owner(kind, id), request.get(context.parameters.list_limit), after);
  if (!page) return problem(page.error());
  if (page->lists.empty() && !after) return problem(404, "no recorded list of this " + parameter.name);
  ApiResponse response;
  JsonWriter out(response.body);
  out.open('{').name(parameter.name).text(id);
  write_lists(out, "lists", page->lists);
  if (page->next) out.name("next").text(to_text(*page->next));
  out.close('}');
  return response;
}

void add_endpoint(Router& router, const EndpointContext& context, Owner::Kind kind, const Parameter<std::string>& id) {
  router.add({.method = "GET",
              .path = "/v1/" + id.name + "s/{" + id.name + "}/served",
              .parameters = {&id, &context.parameters.list_limit, &context.parameters.served_cursor},
              .scope = Scope::admin,
              .operation = "get_served_" + id.name,
              .tag = "histories",
              .summary = "Get the lists that a " + id.name + " was served, page by page",
              .responses = {{200, "Recorded lists, newest first.", schema::reference("ServedPage"), ""}},
              .problems = {404, 503},
              .handler = immediately([context, kind, &id](const RouteRequest& request) {
                return served_page(request, context, kind, id);
              })});
}

}  // namespace

void write_lists(JsonWriter& out, std::string_view name, const std::vector<store::StoredList>& lists) {
  out.name(name).open('[');
  for (const store::StoredList& list : lists) write(out, list);
  out.close(']');
}

void add_served_endpoints(Router& router, const EndpointContext& context) {
  add_endpoint(router, context, Owner::Kind::user, context.parameters.user);
  add_endpoint(router, context, Owner::Kind::session, context.parameters.session);
}

}  // namespace freshet::serve

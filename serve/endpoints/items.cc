#include "serve/endpoints/endpoints.h"
#include "serve/json.h"

namespace freshet::serve {
namespace {

ApiResponse stored(const Result<void>& put, const Item& item, unsigned status) {
  return put ? json_response(to_json(item), status) : problem(put.error());
}

ApiResponse put_item(const RouteRequest& request, const EndpointContext& context) {
  const auto body = parse_json(request.body);
  if (!body) return problem(body.error());
  const auto item = item_from_json(*body, request.path.front());
  if (!item) return problem(item.error());
  const bool known = context.services.catalogue.find(item->item) != nullptr;
  return stored(context.services.catalogue.put({&*item, 1}), *item, known ? 200 : 201);
}

/// Fields given replace those stored (RFC 7396 at the top level).
ApiResponse patch_item(const RouteRequest& request, const EndpointContext& context) {
  const auto known = context.services.catalogue.find(request.path.front());
  if (!known) return problem(404, "no such item");
  auto body = parse_json(request.body);
  if (!body) return problem(body.error());
  if (!body->is_object()) return problem(400, "expected an item object");
  json::value merged = to_json(*known);
  for (auto& [field, value] : body->as_object()) {
    if (value.is_null()) {
      merged.as_object().erase(field);
    } else {
      merged.as_object()[field] = value;
    }
  }
  const auto item = item_from_json(merged, request.path.front());
  if (!item) return problem(item.error());
  return stored(context.services.catalogue.put({&*item, 1}), *item, 200);
}

ApiResponse bulk_items(const RouteRequest& request, const EndpointContext& context) {
  const auto body = parse_json(request.body);
  if (!body) return problem(body.error());
  if (!body->is_array()) return problem(400, "expected an array of items");
  const json::array& documents = body->as_array();
  if (documents.size() > context.options.max_items_per_request) {
    return problem(400, "more than " + std::to_string(context.options.max_items_per_request) + " items in one request");
  }
  std::vector<Item> items;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    auto item = item_from_json(documents[i], "");
    if (!item) return problem(400, "item " + std::to_string(i) + ": " + item.error().message);
    items.push_back(*std::move(item));
  }
  const auto put = context.services.catalogue.put(items);
  if (!put) return problem(put.error());
  return json_response({{"stored", items.size()}});
}

}  // namespace

void add_item_endpoints(Router& router, const EndpointContext& context) {
  const auto direct = [&](const char* method, const char* path, auto answer) {
    router.add({method, path, {}, Scope::admin, false, [context, answer](const RouteRequest& request, Respond respond) {
                  respond(answer(request, context));
                }});
  };
  direct("PUT", "/v1/items/{item}", put_item);
  direct("PATCH", "/v1/items/{item}", patch_item);
  direct("POST", "/v1/items", bulk_items);
  direct("GET", "/v1/items/{item}", [](const RouteRequest& request, const EndpointContext& the) {
    const auto item = the.services.catalogue.find(request.path.front());
    return item ? json_response(to_json(*item)) : problem(404, "no such item");
  });
  direct("DELETE", "/v1/items/{item}", [](const RouteRequest& request, const EndpointContext& the) {
    const auto erased = the.services.catalogue.erase(request.path.front());
    if (!erased) return problem(erased.error());
    ApiResponse response;
    response.status = 204;
    return response;
  });
}

}  // namespace freshet::serve

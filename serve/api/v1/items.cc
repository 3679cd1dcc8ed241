#include "serve/api/v1/deferred.h"
#include "serve/routing/json.h"

namespace freshet::serve {
namespace {

/// What a request asks for, once its body has been understood.
using Change = std::function<ApiResponse(store::Catalogue&)>;

Result<Change> put_item(const RouteRequest& request, const Options&) {
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  const auto item = item_from_json(*body, request.path.front());
  if (!item) return item.error();
  return Change([item = *item](store::Catalogue& catalogue) {
    const bool known = catalogue.find(item.item) != nullptr;
    const auto put = catalogue.put({&item, 1});
    return put ? json_response(to_json(item), known ? 200 : 201) : problem(put.error());
  });
}

/// Fields given replace those stored (RFC 7396 at the top level).
Result<Item> merge(const Item& known, const json::object& fields) {
  json::value merged = to_json(known);
  for (const auto& [field, value] : fields) {
    if (value.is_null()) {
      merged.as_object().erase(field);
    } else {
      merged.as_object()[field] = value;
    }
  }
  return item_from_json(merged, known.item);
}

Result<Change> patch_item(const RouteRequest& request, const Options&) {
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_object()) return Error{Errc::invalid, "expected an item object"};
  return Change([name = request.path.front(), fields = body->as_object()](store::Catalogue& catalogue) {
    const auto item = catalogue.update(name, [&](const Item& known) { return merge(known, fields); });
    return item ? json_response(to_json(*item)) : problem(item.error());
  });
}

Result<Change> bulk_items(const RouteRequest& request, const Options& options) {
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_array()) return Error{Errc::invalid, "expected an array of items"};
  const json::array& documents = body->as_array();
  if (documents.size() > options.max_items_per_request) {
    return Error{Errc::invalid, "more than " + std::to_string(options.max_items_per_request) + " items in one request"};
  }
  std::vector<Item> items;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    auto item = item_from_json(documents[i], "");
    if (!item) return Error{Errc::invalid, "item " + std::to_string(i) + ": " + item.error().message};
    items.push_back(*std::move(item));
  }
  return Change([items = std::move(items)](store::Catalogue& catalogue) {
    const auto put = catalogue.put(items);
    return put ? json_response({{"stored", items.size()}}) : problem(put.error());
  });
}

Result<Change> delete_item(const RouteRequest& request, const Options&) {
  return Change([name = request.path.front()](store::Catalogue& catalogue) {
    const auto erased = catalogue.erase(name);
    if (!erased) return problem(erased.error());
    ApiResponse response;
    response.status = 204;
    return response;
  });
}

}  // namespace

void add_item_endpoints(Router& router, const EndpointContext& context) {
  const auto changing = [&](const char* method, const char* path, auto understand) {
    router.add(
        {method, path, {}, Scope::admin, false, [context, understand](const RouteRequest& request, Respond respond) {
           auto change = understand(request, context.options);
           if (!change) return respond(problem(change.error()));
           change_store(request, context, std::move(respond),
                        [change = *std::move(change), &catalogue = context.services.catalogue](const Respond& answer) {
                          answer(change(catalogue));
                        });
         }});
  };
  changing("PUT", "/v1/items/{item}", put_item);
  changing("PATCH", "/v1/items/{item}", patch_item);
  changing("POST", "/v1/items", bulk_items);
  changing("DELETE", "/v1/items/{item}", delete_item);
  router.add(
      {"GET", "/v1/items/{item}", {}, Scope::admin, false, [context](const RouteRequest& request, Respond respond) {
         const auto item = context.services.catalogue.find(request.path.front());
         respond(item ? json_response(to_json(*item)) : problem(404, "no such item"));
       }});
}

}  // namespace freshet::serve

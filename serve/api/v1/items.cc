#include "serve/api/v1/store_change.h"
#include "serve/routing/json.h"
#include "serve/routing/json_parser.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// The change that a request asks for, after its body has been parsed.
using Change = std::function<ApiResponse(store::Catalogue&)>;

Result<Change> put_item(const RouteRequest& request, const EndpointContext& context) {
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  const auto item = item_from_json(*body, request.get(context.parameters.item));
  if (!item) return item.error();
  return Change([item = *item](store::Catalogue& catalogue) {
    const auto inserted = catalogue.put({&item, 1});
    return inserted ? json_response(to_json(item), *inserted == 0 ? 200 : 201) : problem(inserted.error());
  });
}

/// The item with `fields` replaced, or reset where they are null (RFC 7396 at the top level).
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

Result<Change> patch_item(const RouteRequest& request, const EndpointContext& context) {
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_object()) return Error{Errc::invalid, "expected an item object"};
  return Change([name = request.get(context.parameters.item), fields = body->as_object()](store::Catalogue& catalogue) {
    const auto item = catalogue.update(name, [&](const Item& known) { return merge(known, fields); });
    return item ? json_response(to_json(*item)) : problem(item.error());
  });
}

Result<Change> put_items(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  if (!body->is_array()) return Error{Errc::invalid, "expected an array of items"};
  const json::array& documents = body->as_array();
  if (documents.size() > most) {
    return Error{Errc::invalid, "more than " + std::to_string(most) + " items in one request"};
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

Result<Change> delete_item(const RouteRequest& request, const EndpointContext& context) {
  return Change([name = request.get(context.parameters.item)](store::Catalogue& catalogue) {
    const auto erased = catalogue.erase(name);
    if (!erased) return problem(erased.error());
    ApiResponse response;
    response.status = 204;
    return response;
  });
}

/// A handler that parses the request on its own thread and makes the change where it may wait for the disk.
template <typename Parse>
Handler changing(const EndpointContext& context, Parse parse) {
  return [context, parse](const RouteRequest& request, Respond respond) {
    auto change = parse(request, context);
    if (!change) return respond(problem(change.error()));
    change_store(request, context, std::move(respond),
                 [change = *std::move(change), &catalogue = context.services.catalogue](const Respond& answer) {
                   answer(change(catalogue));
                 });
  };
}

ApiResponse get_item(const RouteRequest& request, const EndpointContext& context) {
  const auto item = context.services.catalogue.find(request.get(context.parameters.item));
  return item ? json_response(to_json(*item)) : problem(404, "no such item");
}

}  // namespace

void add_item_endpoints(Router& router, const EndpointContext& context) {
  const auto stored = schema::reference("StoredItem");
  const Parameters& parameters = context.parameters;
  const auto weigh = [context](std::string_view body) {
    return context.services.events.weigh(body, context.options.max_events_per_request);
  };
  router.add(
      {.method = "POST",
       .path = "/v1/items",
       .scope = Scope::admin,
       .operation = "post_items",
       .tag = "items",
       .summary = "Store many items",
       .body = Route::Body{"The items. All of them are stored, or none.", schema::array_of(schema::reference("Item")),
                           R"([{"item":"i42","title":"Blue mug","categories":["kitchen"],"price":9.5}])"},
       .weigh = weigh,
       .responses = {{200, "All items are stored.", schema::reference("Stored"), R"({"stored":1})"}},
       .problems = {503},
       .handler = changing(context, put_items)});
  router.add({.method = "GET",
              .path = "/v1/items/{item}",
              .parameters = {&parameters.item},
              .scope = Scope::admin,
              .operation = "get_item",
              .tag = "items",
              .summary = "Get an item",
              .responses = {{200, "The item as stored.", stored,
                             R"({"item":"i42","title":"Blue mug","text":"","categories":["kitchen"],"price":9.5,)"
                             R"("available":true,"ts":"1970-01-01T00:00:00.000Z","attributes":{}})"}},
              .problems = {404},
              .handler = immediately([context](const RouteRequest& request) { return get_item(request, context); })});
  router.add({.method = "PUT",
              .path = "/v1/items/{item}",
              .parameters = {&parameters.item},
              .scope = Scope::admin,
              .operation = "put_item",
              .tag = "items",
              .summary = "Store an item",
              .body = Route::Body{"The whole item: fields left out get their defaults.",
                                  schema::reference("ItemFields"), R"({"title":"Blue mug","available":true})"},
              .weigh = weigh,
              .responses = {{200, "The item is replaced.", stored, ""}, {201, "The item is created.", stored, ""}},
              .problems = {503},
              .handler = changing(context, put_item)});
  router.add({.method = "PATCH",
              .path = "/v1/items/{item}",
              .parameters = {&parameters.item},
              .scope = Scope::admin,
              .operation = "patch_item",
              .tag = "items",
              .summary = "Change fields of an item",
              .body = Route::Body{"The fields to replace (JSON merge patch at the top level); null resets a field.",
                                  schema::reference("ItemPatch"), R"({"available":false})"},
              .weigh = weigh,
              .responses = {{200, "The item is changed.", stored, ""}},
              .problems = {404, 503},
              .handler = changing(context, patch_item)});
  router.add({.method = "DELETE",
              .path = "/v1/items/{item}",
              .parameters = {&parameters.item},
              .scope = Scope::admin,
              .operation = "delete_item",
              .tag = "items",
              .summary = "Delete an item",
              .responses = {{204, "The item is deleted.", {}, ""}},
              .problems = {404, 503},
              .handler = changing(context, delete_item)});
}

}  // namespace freshet::serve

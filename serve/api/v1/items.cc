// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/line_receipts.h"
#include "serve/api/v1/receipt.h"
#include "serve/api/v1/visible.h"
#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

using Kind = ItemChange::Kind;

/// Answers within serve.events_timeout.
std::shared_ptr<RespondOnce> answer_within(const EndpointContext& context, const RouteRequest& request,
                                           Respond respond) {
  return RespondOnce::within(request.left_of(context.options.events_timeout),
                             "the log has not acknowledged in time; the change may still be made", *request.executor,
                             std::move(respond));
}

/// Changes the items that the body names, or the one in the path.
Handler change_items(const EndpointContext& context, Kind kind, bool in_path) {
  return [context, kind, in_path](const RouteRequest& request, Respond respond) {
    const ItemSubmission submission{.kind = kind,
                                    .item = in_path ? request.get(context.parameters.item) : std::string(),
                                    .max_items = context.options.max_items_per_request};
    context.services.items.change(
        request.body, submission,
        [answer = answer_within(context, request, std::move(respond))](Result<Receipt> receipt) {
          answer->give(receipt ? receipt_response(*receipt, "item") : problem(receipt.error()));
        });
  };
}

/// Changes the items of NDJSON of any length.
Route::Lines lines_of_items(const EndpointContext& context, Kind kind) {
  const std::size_t most = context.options.max_items_per_request;
  return {most, [context, kind, most](const RouteRequest& request) {
            return std::make_shared<LineReceipts>(
                LineReceipts::Settings{"item", most, context.options.events_timeout}, request.executor,
                [context, kind, most](std::string_view lines, std::function<void(Result<Receipt>)> done) {
                  context.services.items.change(
                      lines, {.kind = kind, .item = {}, .max_items = most, .form = BodyForm::lines}, std::move(done));
                });
          }};
}

ApiResponse item_response(const EndpointContext& context, const std::string& name) {
  const auto item = context.services.catalogue.find(name);
  if (!item) return problem(item.error());
  if (!*item) return problem(404, "no such item");
  ApiResponse response;
  JsonWriter out(response.body);
  write(out, **item);
  return response;
}

/// A patch has no effect on an item that is not in the catalogue: waits until it is known whether it is.
Handler patch_item(const EndpointContext& context) {
  return [context](const RouteRequest& request, Respond respond) {
    const std::string name = request.get(context.parameters.item);
    context.services.items.change(
        request.body, {.kind = Kind::patch, .item = name, .max_items = 1},
        [context, name, executor = request.executor,
         answer = answer_within(context, request, std::move(respond))](Result<Receipt> receipt) {
          if (!receipt) return answer->give(problem(receipt.error()));
          const ApiResponse accepted = receipt_response(*receipt, "item");
          when_visible(
              context, receipt->positions, executor,
              [answer](ApiResponse response) { answer->give(std::move(response)); },
              [context, name, accepted](const Respond& respond_now) {
                const ApiResponse now = item_response(context, name);
                respond_now(now.status == 200 ? accepted : now);
              },
              accepted);
        });
  };
}

Handler delete_item(const EndpointContext& context) {
  return [context](const RouteRequest& request, Respond respond) {
    context.services.items.remove(
        request.get(context.parameters.item),
        [answer = answer_within(context, request, std::move(respond))](Result<Receipt> receipt) {
          answer->give(receipt ? receipt_response(*receipt, "item") : problem(receipt.error()));
        });
  };
}

Handler get_item(const EndpointContext& context) {
  return [context](const RouteRequest& request, Respond respond) {
    after_visible(context, request.get(context.parameters.after), request.executor, std::move(respond),
                  [context, name = request.get(context.parameters.item)](const Respond& answer) {
                    answer(item_response(context, name));
                  });
  };
}

/// A page ends with the item that makes it larger: it is in memory as a whole.
constexpr std::size_t kMostPageBytes = std::size_t{1} << 20;

/// One page of the catalogue, by name.
ApiResponse page_of_items(const EndpointContext& context, std::string after, std::size_t limit) {
  constexpr std::size_t kRead = 8;  // items at a time: each may be half a megabyte
  ApiResponse response;
  JsonWriter out(response.body);
  out.open('{').name("items").open('[');
  bool more = true;
  while (more && limit > 0 && response.body.size() <= kMostPageBytes) {
    const std::size_t most = std::min(kRead, limit);
    const auto items = context.services.catalogue.page(after, most);
    if (!items) return problem(items.error());
    more = items->size() == most;
    for (auto item = items->begin(); item != items->end() && response.body.size() <= kMostPageBytes; ++item) {
      write(out, *item);
      after = item->item;
      --limit;
    }
    more = more || (!items->empty() && after != items->back().item);
  }
  out.close(']');
  if (more) out.name("next").text(after);
  out.close('}');
  return response;
}

/// Elsewhere: to read and to write a megabyte takes milliseconds.
void list_items(const EndpointContext& context, const RouteRequest& request, const Respond& respond) {
  request.executor->post_reading([context, respond, limit = request.get(context.parameters.item_limit),
                                  after = request.get(context.parameters.item_cursor).value_or("")](bool in_time) {
    respond(in_time ? page_of_items(context, after, limit)
                    : problem(503, "too many costly requests at once; try again"));
  });
}

/// What all routes that change items have in common.
Route changing_route(const EndpointContext& context, std::string method, std::string path) {
  Route route;
  route.method = std::move(method);
  route.path = std::move(path);
  route.scope = Scope::admin;
  route.tag = "items";
  route.weigh = [context](std::string_view body, BodyForm form) {
    return context.services.events.weigh(body, context.options.max_items_per_request, form);
  };
  route.responses = {{202, "The change is durable in the event log.", schema::reference("Receipt"),
                      R"({"accepted":1,"rejected":[],"token":"0-1043"})"}};
  route.problems = {503};
  return route;
}

void add_bulk_routes(Router& router, const EndpointContext& context) {
  const auto many = [](const char* of) {
    const auto one = schema::reference(of);
    return schema::one_of({one, schema::array_of(one)});
  };
  const Route::Response none_valid{400, "Not JSON, too many items, or no valid item.",
                                   schema::reference("EventsProblem"), "", kProblemType};
  Route post = changing_route(context, "POST", "/v1/items");
  post.operation = "post_items";
  post.summary = "Put many items";
  post.description = "Each item is validated by itself; the rejected ones are listed with the reason.";
  post.body = Route::Body{"One item, an array of items, or NDJSON. Each replaces what the catalogue has.", many("Item"),
                          R"([{"item":"i42","title":"Blue mug","categories":["kitchen"],"price":9.5}])"};
  post.body->lines = lines_of_items(context, Kind::put);
  post.responses.push_back(none_valid);
  post.handler = change_items(context, Kind::put, false);
  router.add(std::move(post));

  Route patch = changing_route(context, "PATCH", "/v1/items");
  patch.operation = "patch_items";
  patch.summary = "Change fields of many items";
  patch.description = "A change of an item that is not in the catalogue has no effect.";
  patch.body = Route::Body{"One change, an array of changes, or NDJSON.", many("ItemChange"),
                           R"([{"item":"i42","price":8.5,"available":true},{"item":"i43","available":false}])"};
  patch.body->lines = lines_of_items(context, Kind::patch);
  patch.responses.push_back(none_valid);
  patch.handler = change_items(context, Kind::patch, false);
  router.add(std::move(patch));
}

void add_reading_routes(Router& router, const EndpointContext& context) {
  const Parameters& parameters = context.parameters;
  const std::string example =
      R"({"item":"i42","title":"Blue mug","text":"","categories":["kitchen"],"price":9.5,"available":true,)"
      R"("ts":"1970-01-01T00:00:00.000Z","attributes":{"color":"blue"}})";
  router.add({.method = "GET",
              .path = "/v1/items",
              .parameters = {&parameters.item_cursor, &parameters.item_limit},
              .scope = Scope::admin,
              .operation = "list_items",
              .tag = "items",
              .summary = "List the catalogue",
              .responses = {{200,
                             "A page of the items, in the order of their ids. It has fewer than `limit` "
                             "items if it would be larger than 1 MiB. `next` is there if more may follow.",
                             schema::reference("ItemPage"), R"({"items":[)" + example + R"(],"next":"i42"})"}},
              .problems = {503},
              .handler = [context](const RouteRequest& request, const Respond& respond) {
                list_items(context, request, respond);
              }});
  router.add({.method = "GET",
              .path = "/v1/items/{item}",
              .parameters = {&parameters.item, &parameters.after},
              .scope = Scope::admin,
              .operation = "get_item",
              .tag = "items",
              .summary = "Get an item",
              .responses = {{200, "The item as stored.", schema::reference("StoredItem"), example}},
              .problems = {404, 412},
              .handler = get_item(context)});
}

}  // namespace

void add_item_endpoints(Router& router, const EndpointContext& context) {
  add_bulk_routes(router, context);
  add_reading_routes(router, context);

  Route put = changing_route(context, "PUT", "/v1/items/{item}");
  put.parameters = {&context.parameters.item};
  put.operation = "put_item";
  put.summary = "Put an item";
  put.body = Route::Body{"The whole item: fields left out get their defaults.", schema::reference("ItemFields"),
                         R"({"title":"Blue mug","available":true})"};
  put.handler = change_items(context, Kind::put, true);
  router.add(std::move(put));

  Route patch = changing_route(context, "PATCH", "/v1/items/{item}");
  patch.parameters = {&context.parameters.item};
  patch.operation = "patch_item";
  patch.summary = "Change fields of an item";
  patch.body = Route::Body{"The fields to change (JSON merge patch); null resets a field.",
                           schema::reference("ItemPatch"), R"({"available":false})"};
  patch.problems = {404, 503};
  patch.handler = patch_item(context);
  router.add(std::move(patch));

  Route remove = changing_route(context, "DELETE", "/v1/items/{item}");
  remove.parameters = {&context.parameters.item};
  remove.weigh = {};
  remove.operation = "delete_item";
  remove.summary = "Delete an item";
  remove.description = "It is in no list until it is put again, or clicked again unless `catalogue.strict` is set.";
  remove.handler = delete_item(context);
  router.add(std::move(remove));
}

}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/export_cursor.h"
#include "serve/api/v1/served.h"
#include "serve/routing/json.h"
#include "serve/routing/respond_once.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

/// One kind of owners: how it is named in paths, answers and operations.
struct OwnerKind {
  Owner::Kind kind;
  std::string name;  ///< "user"
  const Parameter<std::string>& parameter;
};

ApiResponse not_found(const OwnerKind& of) { return problem(404, "no such " + of.name); }

void write_events(JsonWriter& out, std::string_view name, const std::vector<Event>& events) {
  out.name(name).open('[');
  for (const Event& event : events) write(out, event);
  out.close(']');
}

/// The newest events of a history, and how many it has.
ApiResponse newest_events(const RouteRequest& request, const EndpointContext& context, const OwnerKind& of) {
  const std::string& id = request.get(of.parameter);
  const Owner owner = context.owner(of.kind, id);
  const auto count = context.services.histories.count(owner);
  if (!count) return problem(count.error());
  if (*count == 0) return not_found(of);
  const auto recent = context.services.histories.recent(owner, request.get(context.parameters.limit));
  if (!recent) return problem(recent.error());
  ApiResponse response;
  JsonWriter out(response.body);
  out.open('{').name(of.name).text(id).name("count").number(std::uint64_t{*count});
  write_events(out, "events", *recent);
  out.close('}');
  return response;
}

/// A page of all stored events and lists. The first page also has the events held in memory without consent; if there are
/// more of them than a page takes, the rest comes behind the stored ones.
ApiResponse export_page(const RouteRequest& request, const EndpointContext& context, const OwnerKind& of) {
  const std::string& id = request.get(of.parameter);
  const ExportCursor after = request.get(context.parameters.cursor).value_or(ExportCursor{});
  const std::size_t limit = request.get(context.parameters.page_limit);
  const Owner owner = context.owner(of.kind, id);
  const bool first = after.at_begin(), with_stored = first || after.stored, with_served = first || after.served;
  const bool with_held = first || (!after.stored && after.held);
  ExportCursor next{{}, after.held, {}};
  std::vector<Event> stored, held;
  std::vector<store::StoredList> served;
  if (with_stored) {
    auto page = context.services.histories.page(owner, limit, after.stored);
    if (!page) return problem(page.error());
    stored = std::move(page->events);
    next.stored = page->next;
  }
  if (with_held) {
    auto page = context.services.transient.page(owner, limit, after.held);
    held = std::move(page.events);
    next.held = page.next;
  }
  if (with_served) {
    auto page = context.services.served.page(owner, std::min(limit, kMaxPageLists), after.served);
    if (!page) return problem(page.error());
    served = std::move(page->lists);
    next.served = page->next;
  }
  if (first && stored.empty() && held.empty() && served.empty()) return not_found(of);

  ApiResponse response;
  JsonWriter out(response.body);
  out.open('{').name(of.name).text(id);
  write_events(out, "events", stored);
  if (with_held) write_events(out, "without_consent", held);
  if (with_served) write_lists(out, "served", served);
  if (!next.at_begin()) out.name("next").text(to_text(next));
  out.close('}');
  return response;
}

/// Appends the erase records, then removes the history. In this order their positions tell which events are erased that
/// the history writer has not read yet, and an error leaves nothing half done: it is carried out when the records are read.
void erase_owner(const RouteRequest& request, const EndpointContext& context, const Owner& named, Respond respond) {
  const auto answer = RespondOnce::within(
      context.options.events_timeout, "the event log has not acknowledged the erasure in time; it may still be made",
      *request.executor, std::move(respond));
  const auto erase = [context, named, answer](const EraseReceipt& erased) {
    const Owner owner = context.services.pseudonyms.of(named);
    const auto removed = context.services.histories.erase(owner, erased.before);
    if (!removed) return answer->give(problem(removed.error()));
    context.services.transient.erase(owner);
    context.recorder.erase(owner);
    answer->give(json_response({{"erased", named.id}, {"token", to_token(erased.token)}}, 202));
  };
  context.services.events.erase(named, [answer, erase, executor = request.executor](Result<EraseReceipt> erased) {
    if (!erased) return answer->give(problem(erased.error()));
    const bool queued = executor->post_blocking([erase, erased = *std::move(erased)] { erase(erased); });
    if (!queued) answer->give(problem(Error{Errc::overloaded, "too many changes wait for the store"}));
  });
}

void add_endpoints(Router& router, const EndpointContext& context, const OwnerKind& of) {
  const Parameters& parameters = context.parameters;
  const std::string path = "/v1/" + of.name + "s/{" + of.name + "}";
  router.add({.method = "GET",
              .path = path,
              .parameters = {&of.parameter, &parameters.limit},
              .scope = Scope::admin,
              .operation = "get_" + of.name,
              .tag = "histories",
              .summary = "Get the newest events of a " + of.name,
              .responses = {{200, "The newest events, and how many are stored.", schema::reference("History"), ""}},
              .problems = {404, 503},
              .handler = immediately(
                  [context, of](const RouteRequest& request) { return newest_events(request, context, of); })});
  router.add(
      {.method = "GET",
       .path = path + "/export",
       .parameters = {&of.parameter, &parameters.page_limit, &parameters.cursor},
       .scope = Scope::admin,
       .operation = "export_" + of.name,
       .tag = "histories",
       .summary = "Export all events and lists of a " + of.name + ", page by page",
       .responses =
           {{200,
             "Stored events and lists, newest first. The first page also has the events held without consent; if "
             "they are more than a page takes, the rest comes behind the stored ones.",
             schema::reference("Export"), ""}},
       .problems = {404, 503},
       .handler =
           immediately([context, of](const RouteRequest& request) { return export_page(request, context, of); })});
  router.add({.method = "DELETE",
              .path = path,
              .parameters = {&of.parameter},
              .scope = Scope::admin,
              .operation = "erase_" + of.name,
              .tag = "histories",
              .summary = "Erase a " + of.name,
              .description = "Appends an erase record to every partition of the event log and removes the history. "
                             "Nothing that was in the log before can be read afterwards, and the learner forgets it "
                             "when it reads the record.",
              .responses = {{202, "The history is removed. The token covers the erase record.",
                             schema::reference("Erased"), R"({"erased":"u1","token":"0-1043"})"}},
              .problems = {503},
              .handler = [context, of](const RouteRequest& request, Respond respond) {
                erase_owner(request, context, {of.kind, request.get(of.parameter)}, std::move(respond));
              }});
}

}  // namespace

void add_owner_endpoints(Router& router, const EndpointContext& context) {
  add_endpoints(router, context, {Owner::Kind::user, "user", context.parameters.user});
  add_endpoints(router, context, {Owner::Kind::session, "session", context.parameters.session});
}

}  // namespace freshet::serve

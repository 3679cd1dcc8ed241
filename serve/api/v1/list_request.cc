// SPDX-License-Identifier: Apache-2.0
#include "serve/api/v1/list_request.h"

#include <algorithm>
#include <any>
#include <set>
#include <utility>

#include "serve/routing/json_parser.h"

namespace freshet::serve {
namespace {

/// A field of the body that is an array; empty if it is left out.
Result<json::array> array_field(const json::object& body, const char* name, std::size_t most) {
  const json::value* field = body.if_contains(name);
  if (field == nullptr) return json::array();
  if (!field->is_array()) return Error{Errc::invalid, std::string(name) + ": expected an array"};
  if (field->as_array().size() > most) {
    return Error{Errc::invalid, std::string(name) + ": more than " + std::to_string(most) + " entries"};
  }
  return field->as_array();
}

Result<std::vector<std::string>> ids_of(const json::array& entries, const char* name) {
  std::vector<std::string> ids;
  for (const json::value& entry : entries) {
    auto id = id_from_json(entry, name);
    if (!id) return id.error();
    ids.push_back(*std::move(id));
  }
  return ids;
}

/// The field "exclude" of the body: as in the parameter, empty entries leave nothing out.
Result<std::vector<std::string>> exclude_field(const json::object& body, std::size_t most) {
  auto entries = array_field(body, "exclude", most);
  if (!entries) return entries.error();
  const auto given = std::remove(entries->begin(), entries->end(), json::value(""));
  entries->erase(given, entries->end());
  return ids_of(*entries, "exclude");
}

bool is_given(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && !value->is_null();
}

/// An entry of a session: the id of an item, or an event, which is judged as others are, but needs no owner.
Result<Event> session_entry(const json::value& entry, const EndpointContext& context) {
  Event event;
  event.time = context.services.histories.stream_time();
  if (!entry.is_object()) {
    auto item = id_from_json(entry, "session");
    if (!item) return item.error();
    event.item = *std::move(item);
    return event;
  }
  json::object text = entry.as_object();
  if (!is_given(text, "user") && !is_given(text, "session")) text["session"] = "-";
  auto judged = context.services.events.judge(to_text(text));
  if (!judged) return Error{Errc::invalid, "session: " + judged.error().message};
  if (!is_given(text, "ts")) judged->time = event.time;
  return judged;
}

/// The filter in the body: an expression as text, or as JSON.
std::string filter_field(const json::object& body) {
  const json::value* const filter = body.if_contains("filter");
  if (filter == nullptr) return {};
  return filter->is_string() ? std::string(filter->as_string()) : to_text(*filter);
}

Result<ExcludedTypes> judged(const ExcludedTypes& excluded, const EndpointContext& context) {
  for (const auto& [type, age] : excluded.types()) {
    if (auto judged = context.services.events.judge_type(type); !judged) {
      return Error{Errc::invalid, "exclude_types: " + judged.error().message};
    }
  }
  return excluded.counted_as(context.services.online);
}

/// Whether there is a head for each type, and each value is a number.
Result<void> judge(const online::Values& values, const EndpointContext& context) {
  const auto problems = online::judge_values(values, context.services.online.blender.actions);
  if (problems.empty()) return {};
  return Error{Errc::invalid, "value: " + to_string(problems.front())};
}

/// The field "exclude_types" of the body: an array of what stands between the commas of the parameter.
Result<ExcludedTypes> excluded_types_field(const json::object& body, const EndpointContext& context) {
  ExcludedTypes excluded;
  const auto entries = array_field(body, "exclude_types", ExcludedTypes::kMost);
  if (!entries) return entries.error();
  for (const json::value& entry : *entries) {
    if (!entry.is_string()) return Error{Errc::invalid, "exclude_types: expected texts"};
    if (auto added = excluded.add(std::string_view(entry.as_string())); !added) {
      return Error{Errc::invalid, "exclude_types: " + added.error().message};
    }
  }
  return judged(excluded, context);
}

}  // namespace

void AskedList::take(const Event& event, const online::Options& options) {
  if (list.exclude_seen) list.seen.insert(event.item);
  if (excluded_types.matches(options.type_of(event.type), event.time, list.context.now)) {
    list.of_types.insert(event.item);
  }
}

std::vector<const ParameterBase*> list_parameters(const Parameters& all, ListKind kind) {
  std::vector<const ParameterBase*> parameters{&all.k,       &all.exclude, &all.exclude_seen,
                                               &all.explain, &all.filter,  &all.after};
  if (kind != ListKind::popular) parameters.insert(parameters.end(), {&all.content, &all.value});
  if (kind == ListKind::owner) {
    for (const ParameterBase* own : std::initializer_list<const ParameterBase*>{&all.exclude_types, &all.placement,
                                                                                &all.exclude_served, &all.page}) {
      parameters.push_back(own);
    }
  }
  return parameters;
}

Result<AskedList> asked_list(const RouteRequest& request, const EndpointContext& context, ListKind kind) {
  const Parameters& all = context.parameters;
  AskedList asked;
  asked.list.k = request.get(all.k);
  asked.list.exclude = request.get(all.exclude);
  asked.list.exclude_seen = request.get(all.exclude_seen);
  asked.list.explain = request.get(all.explain);
  asked.filter = request.get(all.filter).value_or("");
  if (kind != ListKind::popular) {
    asked.list.content = request.get(all.content);
    asked.list.values = request.get(all.value);
    if (auto good = judge(asked.list.values.value_or(online::Values{}), context); !good) return good.error();
  }
  if (kind == ListKind::owner) {
    asked.list.explores = true;
    auto excluded = judged(request.get(all.exclude_types).value_or(ExcludedTypes{}), context);
    if (!excluded) return excluded.error();
    asked.excluded_types = *std::move(excluded);
    asked.placement = request.get(all.placement).value_or(asked.placement);
    asked.exclude_served = request.get(all.exclude_served);
    asked.page = request.get(all.page);
  }
  return asked;
}

Result<json::object> body_object(const RouteRequest& request, std::initializer_list<std::string_view> fields) {
  auto body = parse_json(request.body, 1 + Recommender::kMaxFilterDepth);
  if (!body) return body.error();
  if (!body->is_object()) return Error{Errc::invalid, "expected a JSON object"};
  for (const auto& [name, value] : body->as_object()) {
    if (std::ranges::count(fields, std::string_view(name)) == 0) {
      return Error{Errc::invalid, std::string(name) + ": unknown field"};
    }
  }
  json::object& object = body->as_object();
  for (const std::string_view field : fields) {
    if (!is_given(object, field)) object.erase(field);
  }
  return std::move(object);
}

Result<std::string> placement_field(const json::object& body, const EndpointContext& context) {
  const json::value* const field = body.if_contains("placement");
  if (field == nullptr) return std::string(ServedList::kDefaultPlacement);
  if (!field->is_string()) return Error{Errc::invalid, "placement: expected a string"};
  const auto value = context.parameters.placement.decode(std::string(field->as_string()));
  if (!value) return value.error();
  return *std::any_cast<std::optional<std::string>>(value->any);
}

Result<std::vector<std::string>> ids_field(const json::object& body, const char* name, std::size_t most) {
  const auto entries = array_field(body, name, most);
  if (!entries) return entries.error();
  return ids_of(*entries, name);
}

Result<std::vector<Event>> session_field(const json::object& body, const EndpointContext& context) {
  std::vector<Event> session;
  const auto entries = array_field(body, "session", context.options.max_items_per_request);
  if (!entries) return entries.error();
  std::set<std::string> ids;
  for (const json::value& entry : *entries) {
    auto event = session_entry(entry, context);
    if (!event) return event.error();
    if (!event->id.empty() && !ids.insert(event->id).second) continue;
    session.push_back(*std::move(event));
  }
  return session;
}

Result<std::optional<online::Values>> values_field(const json::object& body, const EndpointContext& context) {
  const json::value* const field = body.if_contains("value");
  if (field == nullptr) return std::optional<online::Values>();
  if (!field->is_object()) return Error{Errc::invalid, "value: expected an object"};
  online::Values values;
  for (const auto& [type, value] : field->as_object()) {
    const std::string name(type);
    if (!value.is_number()) return Error{Errc::invalid, "value: " + name + ": expected a number"};
    values.emplace(name, value.to_number<double>());
  }
  if (auto good = judge(values, context); !good) return good.error();
  return std::optional(std::move(values));
}

Result<AskedList> stateless_list(const RouteRequest& request, const EndpointContext& context) {
  const std::size_t most = context.options.max_items_per_request;
  const auto body = body_object(
      request, {"session", "k", "exclude", "exclude_seen", "exclude_types", "explain", "filter", "content", "value"});
  if (!body) return body.error();
  const auto k = json_field(*body, context.parameters.k);
  const auto session = session_field(*body, context);
  const auto exclude = exclude_field(*body, most);
  const auto exclude_seen = json_field(*body, context.parameters.exclude_seen);
  auto excluded_types = excluded_types_field(*body, context);
  const auto explain = json_field(*body, context.parameters.explain);
  if (!k) return k.error();
  if (!session) return session.error();
  if (!exclude) return exclude.error();
  if (!exclude_seen) return exclude_seen.error();
  if (!excluded_types) return excluded_types.error();
  const auto content = json_field(*body, context.parameters.content);
  auto values = values_field(*body, context);
  if (!explain) return explain.error();
  if (!content) return content.error();
  if (!values) return values.error();
  AskedList asked;
  asked.filter = filter_field(*body);
  asked.excluded_types = *std::move(excluded_types);
  ListRequest& list = asked.list;
  list.context = context.recommender.context_of(*session);
  list.k = *k;
  list.exclude.insert(exclude->begin(), exclude->end());
  list.exclude_seen = *exclude_seen;
  list.explain = *explain;
  list.content = *content;
  list.values = *std::move(values);
  list.explores = true;
  if (asked.wants_events()) {
    for (const Event& event : *session) asked.take(event, context.services.online);
  }
  return asked;
}

}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "base/served_list.h"
#include "serve/api/v1/endpoints.h"
#include "serve/recommend/excluded_types.h"
#include "serve/recommend/list.h"
#include "serve/routing/json.h"
#include "serve/routing/route.h"

namespace freshet::serve {

/// What a list is asked for, and what must still be looked up for it.
struct AskedList {
  ListRequest list;
  std::string filter = {};            ///< an expression; empty: none
  ExcludedTypes excluded_types = {};  ///< of the owner's events, as they count
  std::string placement = std::string(ServedList::kDefaultPlacement);
  std::optional<std::chrono::milliseconds> exclude_served = {};  ///< leave out what was served within this age
  std::optional<std::string> page = {};                          ///< a token, not judged yet

  /// Whether the owner's events must be visited.
  bool wants_events() const { return list.exclude_seen || !excluded_types.empty(); }

  /// Leaves out the item of an event of the owner, if that is asked for.
  /// REQUIRES: list.context is set
  void take(const Event& event, const online::Options& options);
};

/// Which parameters a list takes beside those of all lists.
enum class ListKind {
  popular,
  session,  ///< for a session: the model's parts are asked
  owner,    ///< for a session of which there are more events
};

/// The parameters that lists of the kind take, except those in the path.
std::vector<const ParameterBase*> list_parameters(const Parameters& all, ListKind kind);

/// What a request with these parameters asks for.
/// Errors: invalid, naming the parameter.
Result<AskedList> asked_list(const RouteRequest& request, const EndpointContext& context, ListKind kind);

/// What a body asks for that has the session itself.
/// Errors: invalid, naming the field.
Result<AskedList> stateless_list(const RouteRequest& request, const EndpointContext& context);

// Fields of bodies. Errors: invalid, naming the field.

/// The body, without the fields that are null: these count as absent.
Result<json::object> body_object(const RouteRequest& request, std::initializer_list<std::string_view> fields);

/// The name of a placement; the default one if the field is left out.
Result<std::string> placement_field(const json::object& body, const EndpointContext& context);

/// Ids of items; none if the field is left out.
Result<std::vector<std::string>> ids_field(const json::object& body, const char* name, std::size_t most);

/// What actions are worth, in the field "value"; nullopt if it is left out.
Result<std::optional<online::Values>> values_field(const json::object& body, const EndpointContext& context);

/// The session in the field "session", oldest first. An event that comes again, by its id, counts once.
Result<std::vector<Event>> session_field(const json::object& body, const EndpointContext& context);

}  // namespace freshet::serve

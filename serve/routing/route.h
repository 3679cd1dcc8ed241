// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/body_form.h"
#include "base/check.h"
#include "serve/access/key_ring.h"
#include "serve/routing/json.h"
#include "serve/routing/line_intake.h"
#include "serve/routing/message.h"
#include "serve/routing/parameter.h"

namespace freshet::serve {

class RouteRequest;
using Handler = std::function<void(const RouteRequest&, Respond)>;

/// An endpoint, declared completely: the router serves it from this, and the OpenAPI document describes it from this.
struct Route {
  /// How NDJSON of any length is taken, instead of by the handler if it is larger than a piece.
  struct Lines {
    std::size_t most = 1;  ///< in a piece
    std::function<std::shared_ptr<LineIntake>(const RouteRequest&)> open;
  };
  struct Body {
    std::string description;
    json::object schema;
    std::string example;               ///< JSON
    std::size_t max_bytes = SIZE_MAX;  ///< a larger one is refused; so is one larger than serve.max_body_bytes
    std::optional<Lines> lines = {};   ///< nullopt: NDJSON is a body like others
  };
  struct Response {
    unsigned status = 200;
    std::string description;
    json::object schema;  ///< empty: an answer without a body
    std::string example;  ///< JSON; may be empty
    std::string content_type = "application/json";
  };

  std::string method;
  std::string path;  ///< "/v1/items/{item}"
  /// Those of the path first, in its order. They outlive the route.
  std::vector<const ParameterBase*> parameters = {};
  std::optional<Scope> scope = {};    ///< what the caller's key must have; nullopt: no key needed
  std::optional<Scope> details = {};  ///< of an open endpoint: who is told more (RouteRequest::detailed)
  bool sheddable = false;             ///< refused first under overload
  bool any_query = false;             ///< unknown query parameters are ignored: probes add some to pass caches
  std::string operation = {};         ///< a unique name, from which clients are generated: "get_item"
  std::string tag = {};               ///< the group that it is documented in
  std::string summary = {};
  std::string description = {};
  std::optional<Body> body = {};  ///< nullopt: a body is not read
  /// How many events the body, or a piece of its lines, counts for in the caller's limit of events; empty: the endpoint
  /// is not counted.
  std::function<std::uint64_t(std::string_view body, BodyForm form)> weigh = {};
  std::vector<Response> responses = {};
  /// Statuses of the problem details that the handler may answer. The router's own are implied: by `scope`,
  /// `sheddable`, `parameters` and `body`.
  std::vector<unsigned> problems = {};
  Handler handler = {};
};

/// A request that matched a route, with its parameters decoded and checked.
class RouteRequest {
 public:
  /// `values`: one per parameter of `route`, empty where the request does not give it.
  /// `key`: the name of the caller's API key, if there is one.
  RouteRequest(const Route& route, std::vector<ParameterBase::Value> values, const ApiRequest& request,
               const std::optional<std::string>& key, bool is_detailed)
      : body(request.body),
        executor(request.executor),
        detailed(is_detailed),
        route_(route),
        values_(std::move(values)),
        key_(key),
        client_(request.client),
        arrived_(request.arrived) {}

  /// The value of a parameter, its fallback if the request does not give it.
  /// REQUIRES: the route declares `parameter`.
  template <typename T>
  const T& get(const Parameter<T>& parameter) const {
    const auto declared = std::ranges::find(route_.parameters, static_cast<const ParameterBase*>(&parameter));
    FRESHET_CHECK(declared != route_.parameters.end());
    const std::any& value = values_[static_cast<std::size_t>(declared - route_.parameters.begin())].any;
    return value.has_value() ? std::any_cast<const T&>(value) : parameter.fallback;
  }

  /// Event::sender of the events that it brings.
  std::string sender() const { return key_.value_or("").append("/").append(client_); }

  /// What is left of a timeout that began when the request had arrived.
  std::chrono::milliseconds left_of(std::chrono::milliseconds timeout) const {
    const auto waited = std::chrono::steady_clock::now() - arrived_;
    return std::max(timeout - std::chrono::floor<std::chrono::milliseconds>(waited), std::chrono::milliseconds(0));
  }

  const std::string_view body;
  const std::shared_ptr<Executor> executor;
  const bool detailed;  ///< the caller may know what Route::details asks a key for

 private:
  const Route& route_;
  const std::vector<ParameterBase::Value> values_;
  const std::optional<std::string>& key_;
  const std::string_view client_;
  const std::chrono::steady_clock::time_point arrived_;
};

}  // namespace freshet::serve

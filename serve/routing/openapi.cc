// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/openapi.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/check.h"
#include "serve/routing/schema.h"

namespace freshet::serve {
namespace {

constexpr std::string_view kDescription =
    "With API keys (`serve.keys_file`), a request needs a key with the scope that its operation names; without keys, "
    "every caller may do everything. Every response carries `X-Request-Id`: the one of the request, or a new one. "
    "Larger responses are compressed on request (`Accept-Encoding: gzip`). "
    "Errors are RFC 9457 problem details.";

/// A response with problem details, shared by all operations.
struct SharedProblem {
  unsigned status;
  std::string_view name, description;
  std::string_view header;  ///< that comes with it; empty: none
};

constexpr std::array kProblems{
    SharedProblem{400, "BadRequest", "The request is invalid; the detail says where.", ""},
    SharedProblem{401, "Unauthorized", "No API key, or an unknown one.", "WWW-Authenticate"},
    SharedProblem{403, "Forbidden", "The key lacks the required scope.", "WWW-Authenticate"},
    SharedProblem{404, "NotFound", "The item, user or session does not exist.", ""},
    SharedProblem{408, "RequestTimeout", "The lines of the body have stopped coming.", ""},
    SharedProblem{412, "PreconditionFailed", "The histories did not reach the token of `after` in time.", ""},
    SharedProblem{413, "TooLarge", "The body exceeds `serve.max_body_bytes`, or the limit that its description names.",
                  ""},
    SharedProblem{
        415, "UnsupportedMediaType",
        "The body is neither JSON nor NDJSON by its `Content-Type`, or has a `Content-Encoding` other than gzip.", ""},
    SharedProblem{429, "TooManyRequests", "The key exceeds its limit of requests or events.", "Retry-After"},
    SharedProblem{503, "Unavailable", "Overloaded, stopping, or a component is unavailable; retry later.",
                  "Retry-After"},
};

json::object content(std::string_view type, const json::object& schema, const std::string& example) {
  json::object media{{"schema", schema}};
  if (!example.empty()) media.emplace("example", json::parse(example));
  return {{type, std::move(media)}};
}

json::object shared_responses() {
  json::object responses;
  for (const auto& [status, name, description, header] : kProblems) {
    json::object response{{"description", description},
                          {"content", content("application/problem+json", schema::reference("Problem"), "")}};
    if (!header.empty()) {
      response.emplace(
          "headers",
          json::object{{header, {{"schema", header == "Retry-After" ? schema::count("Seconds.") : schema::text()}}}});
    }
    responses.emplace(name, std::move(response));
  }
  return responses;
}

/// The statuses of problem details that a route may answer: its handler's and the router's.
std::set<unsigned> problems_of(const Route& route) {
  std::set<unsigned> problems(route.problems.begin(), route.problems.end());
  if (!route.parameters.empty() || route.body) problems.insert(400);
  if (route.scope) problems.insert({401, 403, 429});
  if (route.body) problems.insert({413, 415});
  if (route.body && route.body->lines) problems.insert(408);
  // Lists under overload; other answers if they are large, and too many of those wait to be read.
  if (route.sheddable || (route.scope && route.method == "GET")) problems.insert(503);
  for (const Route::Response& own : route.responses) problems.erase(own.status);
  return problems;
}

json::object responses_of(const Route& route) {
  std::map<unsigned, json::object> by_status;
  for (const Route::Response& own : route.responses) {
    json::object& response = by_status[own.status] = {{"description", own.description}};
    if (!own.schema.empty()) response.emplace("content", content(own.content_type, own.schema, own.example));
  }
  for (const unsigned status : problems_of(route)) {
    const auto* const problem = std::ranges::find(kProblems, status, &SharedProblem::status);
    FRESHET_CHECK(problem != kProblems.end());
    by_status[status] = {{"$ref", "#/components/responses/" + std::string(problem->name)}};
  }
  json::object responses;
  for (auto& [status, response] : by_status) responses.emplace(std::to_string(status), std::move(response));
  return responses;
}

std::string description_of(const Route::Body& body) {
  if (body.lines) {
    return body.description +
           " NDJSON may have any length if it is declared as `application/x-ndjson`, without `Content-Encoding`. What "
           "stops it in the middle is answered with `taken`: how many lines need not be sent again.";
  }
  if (body.max_bytes == SIZE_MAX) return body.description;
  return body.description + " At most " + std::to_string(body.max_bytes) + " bytes.";
}

json::object operation_of(const Route& route) {
  json::object operation{
      {"operationId", route.operation}, {"tags", json::array{route.tag}}, {"summary", route.summary}};
  std::string description = route.description;
  json::array security;
  if (route.scope) {
    // 3.0 has no place for the scopes of plain keys.
    const std::string scope(to_string(*route.scope));
    description += (description.empty() ? "" : " ") + ("Scope: `" + scope + "`.");
    operation.emplace("x-scope", scope);
    for (const char* scheme : {"bearer", "api_key"}) security.push_back(json::object{{scheme, json::array()}});
  }
  if (!description.empty()) operation.emplace("description", description);
  operation.emplace("security", std::move(security));
  json::array parameters;
  for (const ParameterBase* parameter : route.parameters) {
    parameters.push_back(json::object{{"$ref", "#/components/parameters/" + parameter->component}});
  }
  if (!parameters.empty()) operation.emplace("parameters", std::move(parameters));
  if (route.body) {
    operation.emplace("requestBody",
                      json::object{{"required", true},
                                   {"description", description_of(*route.body)},
                                   {"content", content("application/json", route.body->schema, route.body->example)}});
  }
  operation.emplace("responses", responses_of(route));
  return operation;
}

json::object parameters_of(const std::vector<const Route*>& routes) {
  std::map<std::string, const ParameterBase*> all;
  for (const Route* route : routes) {
    for (const ParameterBase* parameter : route->parameters) {
      const auto [known, is_new] = all.emplace(parameter->component, parameter);
      FRESHET_CHECK(is_new || known->second == parameter);
    }
  }
  json::object parameters;
  for (const auto& [component, parameter] : all) {
    const bool in_path = parameter->in == ParameterBase::In::path;
    parameters.emplace(component, json::object{{"name", parameter->name},
                                               {"in", in_path ? "path" : "query"},
                                               {"required", in_path},
                                               {"description", parameter->help},
                                               {"schema", parameter->schema}});
  }
  return parameters;
}

json::array tags_of(const std::vector<const Route*>& routes) {
  std::vector<std::string> names;
  for (const Route* route : routes) {
    if (std::ranges::find(names, route->tag) == names.end()) names.push_back(route->tag);
  }
  json::array tags;
  for (const std::string& name : names) tags.push_back(json::object{{"name", name}});
  return tags;
}

}  // namespace

std::string openapi_document(const std::vector<const Route*>& routes, json::object schemas, std::string_view version) {
  schemas.emplace("Problem", schema::object({{"type", schema::text()},
                                             {"title", schema::text()},
                                             {"status", schema::integer()},
                                             {"detail", schema::text("What is wrong, and where.")}},
                                            "RFC 9457 problem details."));
  json::object paths;
  for (const Route* route : routes) {
    std::string method = route->method;
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    json::value& path = paths.emplace(route->path, json::object()).first->value();
    path.as_object().emplace(method, operation_of(*route));
  }
  const json::object document{{"openapi", "3.0.3"},
                              {"info", {{"title", "freshet"}, {"version", version}, {"description", kDescription}}},
                              {"servers", json::array{json::object{{"url", "/"}}}},
                              {"tags", tags_of(routes)},
                              {"paths", std::move(paths)},
                              {"components",
                               {{"parameters", parameters_of(routes)},
                                {"responses", shared_responses()},
                                {"schemas", std::move(schemas)},
                                {"securitySchemes",
                                 {{"bearer",
                                   {{"type", "http"},
                                    {"scheme", "bearer"},
                                    {"description", "An API key (`freshet keys new`). Scopes: read, write, admin."}}},
                                  {"api_key",
                                   {{"type", "apiKey"},
                                    {"in", "header"},
                                    {"name", "X-API-Key"},
                                    {"description", "The same keys in a header of their own."}}}}}}}};
  return to_text(document);
}

}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <set>

#include "serve/api/api.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;

class OpenApi : public ::testing::Test {
 protected:
  OpenApi() {
    const Api api({}, fixture_.services());
    testing::handle(api, {"GET", "/openapi.json", "", false, nullptr},
                    [&](const ApiResponse& response) { document_ = json::parse(response.body); });
  }

  /// Calls visit(object) for every object in the document.
  void for_each_object(const std::function<void(const json::object&)>& visit) const { walk(document_, visit); }

  testing::ServiceFixture fixture_;
  json::value document_;

 private:
  static void walk(const json::value& value, const std::function<void(const json::object&)>& visit) {
    if (value.is_array()) {
      for (const json::value& entry : value.as_array()) walk(entry, visit);
    } else if (value.is_object()) {
      visit(value.as_object());
      for (const auto& [name, entry] : value.as_object()) walk(entry, visit);
    }
  }
};

/// What clients rely on. A change here is a change of the API.
TEST_F(OpenApi, TheEndpointsAreThese) {
  const std::set<std::string> expected{
      "DELETE /v1/items/{item} path:item scope:admin",
      "DELETE /v1/sessions/{session} path:session scope:admin",
      "DELETE /v1/users/{user} path:user scope:admin",
      "GET /healthz scope:",
      "GET /metrics scope:read",
      "GET /openapi.json scope:",
      "GET /readyz scope:",
      "GET /v1/items query:cursor query:limit scope:admin",
      "GET /v1/items/{item} path:item query:after scope:admin",
      "GET /v1/items/{item}/similar path:item query:after query:content query:exclude query:exclude_seen query:explain "
      "query:filter query:k query:value scope:read",
      "GET /v1/popular query:after query:exclude query:exclude_seen query:explain query:filter query:k scope:read",
      "GET /v1/sessions/{session} path:session query:limit scope:admin",
      "GET /v1/sessions/{session}/export path:session query:cursor query:limit scope:admin",
      "GET /v1/sessions/{session}/recommendations path:session query:after query:content query:exclude "
      "query:exclude_seen query:exclude_served query:exclude_types query:explain query:filter query:k query:page "
      "query:placement query:value scope:read",
      "GET /v1/sessions/{session}/served path:session query:cursor query:limit scope:admin",
      "GET /v1/status scope:read",
      "GET /v1/users/{user} path:user query:limit scope:admin",
      "GET /v1/users/{user}/export path:user query:cursor query:limit scope:admin",
      "GET /v1/users/{user}/recommendations path:user query:after query:content query:exclude query:exclude_seen "
      "query:exclude_served query:exclude_types query:explain query:filter query:k query:page query:placement "
      "query:value scope:read",
      "GET /v1/users/{user}/served path:user query:cursor query:limit scope:admin",
      "GET /v1/users/{user}/similar path:user query:k scope:read",
      "PATCH /v1/items scope:admin",
      "PATCH /v1/items/{item} path:item scope:admin",
      "POST /v1/events scope:write",
      "POST /v1/items scope:admin",
      "POST /v1/rank scope:read",
      "POST /v1/recommendations scope:read",
      "PUT /v1/items/{item} path:item scope:admin",
  };
  std::set<std::string> described;
  for (const auto& [path, operations] : document_.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      std::string line(method);
      std::ranges::transform(line, line.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      line += " " + std::string(path);
      std::set<std::string> parameters;
      if (const auto* given = operation.as_object().if_contains("parameters")) {
        for (const json::value& entry : given->as_array()) {
          const json::value& parameter = document_.at_pointer(entry.at("$ref").as_string().subview(1));
          parameters.insert(std::string(parameter.at("in").as_string()) + ":" +
                            std::string(parameter.at("name").as_string()));
        }
      }
      for (const std::string& parameter : parameters) line += " " + parameter;
      const json::value* const scope = operation.as_object().if_contains("x-scope");
      EXPECT_EQ(operation.at("security").as_array().size(), scope != nullptr ? 2U : 0U) << line;
      described.insert(line + " scope:" + (scope != nullptr ? std::string(scope->as_string()) : ""));
    }
  }
  EXPECT_EQ(described, expected);
}

TEST_F(OpenApi, EveryReferenceHasATarget) {
  for_each_object([&](const json::object& object) {
    const json::value* const reference = object.if_contains("$ref");
    if (reference == nullptr) return;
    boost::system::error_code error;
    EXPECT_NE(document_.find_pointer(reference->as_string().subview(1), error), nullptr) << *reference;
    EXPECT_EQ(object.size(), 1U) << "version 3.0 ignores what stands beside " << *reference;
  });
}

TEST_F(OpenApi, RangesAndDefaultsAreThoseOfTheOptions) {
  const json::value& k = document_.at_pointer("/components/parameters/k/schema");
  EXPECT_EQ(k.at("minimum").to_number<std::size_t>(), 1U);
  EXPECT_EQ(k.at("maximum").to_number<std::size_t>(), Options().max_k);
  EXPECT_EQ(k.at("default").to_number<std::size_t>(), Options().default_k);
  EXPECT_EQ(document_.at_pointer("/components/schemas/StatelessRequest/properties/k"), k);
}

}  // namespace
}  // namespace freshet::serve

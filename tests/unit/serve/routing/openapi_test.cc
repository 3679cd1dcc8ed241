#include "serve/routing/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "serve/api/api.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;

/// The role that both ways of giving a key are asked for; empty where none is.
std::string scope_of(const json::value& operation) {
  const json::array& security = operation.at("security").as_array();
  if (security.empty()) return "";
  const std::string bearer(security.at(0).at("bearer").at(0).as_string());
  EXPECT_EQ(security.at(1).at("api_key").at(0).as_string(), bearer);
  return bearer;
}

TEST(OpenApi, DescribesExactlyTheEndpointsThatExistAndTheScopesTheyAskFor) {
  testing::ServiceFixture fixture;
  const Api api({}, fixture.services());
  std::set<std::string> served;
  for (const Api::Endpoint& endpoint : api.endpoints()) {
    std::set<std::string> query(endpoint.query.begin(), endpoint.query.end());
    std::string line = endpoint.method + " " + endpoint.path;
    for (const std::string& name : query) line += " " + name;
    served.insert(line + " scope:" + endpoint.scope);
  }

  std::set<std::string> described;
  const json::value document = json::parse(std::string(openapi_document()));
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      std::string line(method);
      std::ranges::transform(line, line.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      line += " " + std::string(path);
      std::set<std::string> query;
      if (const auto* parameters = operation.as_object().if_contains("parameters")) {
        for (const json::value& parameter : parameters->as_array()) {
          if (parameter.at("in").as_string() == "query") query.emplace(parameter.at("name").as_string());
        }
      }
      for (const std::string& name : query) line += " " + name;
      described.insert(line + " scope:" + scope_of(operation));
    }
  }
  EXPECT_EQ(served, described);
}

}  // namespace
}  // namespace freshet::serve

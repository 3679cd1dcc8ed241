// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "serve/access/key_ring.h"
#include "serve/api/api.h"
#include "tests/support/manual_executor.h"
#include "tests/support/service_fixture.h"

namespace freshet::serve {
namespace {

/// The router with the routes of the API.
class RouterTest : public ::testing::Test {
 protected:
  Options options_;
  testing::ServiceFixture fixture_;
  std::shared_ptr<testing::ManualExecutor> executor_ = std::make_shared<testing::ManualExecutor>();
  Api api_{options_, fixture_.services()};
};

TEST_F(RouterTest, WhatAPageOfAnotherSiteSendsIsRefused) {
  const auto ask_from = [&](std::string_view method, std::string_view target, std::string_view type,
                            std::string_view host, std::string_view origin) {
    ApiRequest request{method, target, R"([{"item":"a"}])", false, executor_};
    request.content_type = type;
    request.host = host;
    request.origin = origin;
    ApiResponse answer;
    testing::handle(api_, request, [&](ApiResponse response) { answer = std::move(response); });
    return answer.status;
  };
  const char* const json = "application/json";
  EXPECT_EQ(ask_from("POST", "/v1/events", json, "localhost:8080", ""), 202U);
  EXPECT_EQ(ask_from("POST", "/v1/events", json, "localhost:8080", "http://localhost:8080"), 202U);
  EXPECT_EQ(ask_from("POST", "/v1/events", json, "localhost:8080", "http://evil.example"), 403U);
  EXPECT_EQ(ask_from("POST", "/v1/items", json, "localhost:8080", "null"), 403U);
  EXPECT_EQ(ask_from("OPTIONS", "/v1/items", "", "localhost:8080", "http://evil.example"), 403U);
  EXPECT_EQ(ask_from("GET", "/v1/popular", "", "localhost:8080", "http://evil.example"), 403U);
  for (const char* path : {"/v1/users/u1", "/v1/users/u1/export", "/metrics", "/readyz", "/none"}) {
    EXPECT_EQ(ask_from("GET", path, "", "evil.example", "http://evil.example"), 421U) << path;
  }
  EXPECT_EQ(ask_from("DELETE", "/v1/users/u1", "", "evil.example:8080", "http://evil.example:8080"), 421U);
  EXPECT_EQ(ask_from("GET", "http://evil.example/healthz", "", "localhost", ""), 421U) << "the target replaces Host";
  EXPECT_TRUE(fixture_.sink.erased.empty());
  EXPECT_EQ(fixture_.sink.bodies.size(), 2U);
}

TEST_F(RouterTest, BodiesAreJsonByTheirType) {
  const auto post = [&](std::string_view type, std::string_view origin, std::string_view fetch_site) {
    ApiRequest request{"POST", "/v1/events", R"([{"item":"a"}])", false, executor_};
    request.content_type = type;
    request.host = "localhost";
    request.origin = origin;
    request.sec_fetch_site = fetch_site;
    auto match = api_.match(request);
    const bool wants_body = match.wants_body();
    ApiResponse answer;
    api_.handle(std::move(match), request, [&](ApiResponse response) { answer = std::move(response); });
    EXPECT_EQ(wants_body, answer.status == 202) << type;
    return answer.status;
  };
  EXPECT_EQ(post("application/x-ndjson", "", ""), 202U);
  EXPECT_EQ(post("application/cloudevents-batch+json; charset=utf-8", "", ""), 202U);
  EXPECT_EQ(post("", "", ""), 202U) << "a program that does not say";
  EXPECT_EQ(post("", "http://localhost", ""), 415U) << "a page that does not say";
  EXPECT_EQ(post("", "", "none"), 415U);
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    EXPECT_EQ(post(type, "", ""), 415U) << type;
  }
}

TEST_F(RouterTest, EventsHaveTheKeyAndTheClientThatSentThem) {
  const std::string key = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("shop", {Scope::write}, {}, key) << "\n";
  const Api with_keys(options_, fixture_.services());
  const std::string authorization = "Bearer " + key;
  ApiRequest request{"POST", "/v1/events", "[{}]", false, executor_, authorization};
  request.client = "1a2b3";
  testing::handle(with_keys, request, [](const ApiResponse&) {});
  testing::handle(api_, request, [](const ApiResponse&) {});
  EXPECT_EQ(fixture_.sink.senders, (std::vector<std::string>{"shop/1a2b3", "/1a2b3"}));
}

TEST_F(RouterTest, PagesOfAllowedOriginsMaySendEventsWithAKeyAndReadNothingElse) {
  const std::string key = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  options_.cors_origins = {"https://shop.example"};
  std::ofstream(options_.keys_file) << key_line("page", {Scope::write, Scope::read}, {}, key) << "\n";
  const Api api(options_, fixture_.services());
  const std::string authorization = "Bearer " + key;
  const auto ask_from = [&](std::string_view origin, std::string_view method, std::string_view target,
                            std::string_view given, std::string_view asked_for = "") {
    ApiRequest request{method, target, "[{}]", false, executor_, given};
    request.content_type = "application/json";
    request.host = "freshet.shop.example";
    request.origin = origin;
    request.access_control_request_method = asked_for;
    ApiResponse answer;
    testing::handle(api, request, [&](ApiResponse response) { answer = std::move(response); });
    return answer;
  };
  const auto header = [](const ApiResponse& answer, std::string_view name) {
    const auto found = std::ranges::find(answer.headers, name, &Header::first);
    return found == answer.headers.end() ? "" : found->second;
  };
  const std::string_view shop = "https://shop.example";
  const ApiResponse preflight = ask_from(shop, "OPTIONS", "/v1/events", "", "POST");
  EXPECT_EQ(preflight.status, 204U);
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Origin"), shop);
  EXPECT_EQ(header(preflight, "Access-Control-Allow-Methods"), "POST");
  EXPECT_NE(header(preflight, "Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
  EXPECT_EQ(header(preflight, "Vary"), "Origin");
  const ApiResponse accepted = ask_from(shop, "POST", "/v1/events", authorization);
  EXPECT_EQ(accepted.status, 202U);
  EXPECT_EQ(header(accepted, "Access-Control-Allow-Origin"), shop);
  const ApiResponse refused = ask_from(shop, "POST", "/v1/events", "");
  EXPECT_EQ(refused.status, 401U);
  EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), shop) << "the page can read why";

  for (const auto& answer : {ask_from("https://evil.example", "OPTIONS", "/v1/events", "", "POST"),
                             ask_from("https://evil.example", "POST", "/v1/events", authorization)}) {
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "");
    EXPECT_EQ(header(answer, "Vary"), "Origin");
  }
  for (const auto& answer :
       {ask_from(shop, "OPTIONS", "/v1/users/u1", "", "DELETE"), ask_from(shop, "OPTIONS", "/v1/events", "", "DELETE"),
        ask_from(shop, "OPTIONS", "/v1/popular", "", "GET"), ask_from(shop, "GET", "/v1/popular", authorization)}) {
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "");
  }
}

}  // namespace
}  // namespace freshet::serve

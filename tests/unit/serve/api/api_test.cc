// SPDX-License-Identifier: Apache-2.0
#include "serve/api/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "online/parts/content/content.h"
#include "serve/access/key_ring.h"
#include "tests/support/manual_executor.h"
#include "tests/support/service_fixture.h"
#include "tests/support/synthetic_stream.h"

namespace freshet::serve {
namespace {

namespace json = boost::json;
using testing::ManualExecutor;

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() : api_(options_, fixture_.services()) {}

  ApiResponse ask(std::string_view method, std::string_view target, std::string_view body = "", bool shedding = false) {
    answers_ = 0;
    ApiResponse answer;
    testing::handle(api_, {method, target, body, shedding, executor_}, [&](ApiResponse response) {
      ++answers_;
      answer = std::move(response);
    });
    return answer;
  }

  json::value get(std::string_view target, unsigned status = 200) {
    const ApiResponse answer = ask("GET", target);
    EXPECT_EQ(answer.status, status) << target << ": " << answer.body;
    return json::parse(answer.body);
  }

  std::string detail(std::string_view method, std::string_view target, std::string_view body = "") {
    const ApiResponse answer = ask(method, target, body);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(answer.content_type, "application/problem+json");
    return std::string(json::parse(answer.body).at("detail").as_string());
  }

  static std::vector<std::string> items(const json::value& list) {
    std::vector<std::string> names;
    for (const json::value& entry : list.at("items").as_array()) names.emplace_back(entry.at("item").as_string());
    return names;
  }

  Options options_;
  testing::ServiceFixture fixture_;
  std::shared_ptr<ManualExecutor> executor_ = std::make_shared<ManualExecutor>();
  Api api_;
  int answers_ = 0;
};

using Names = std::vector<std::string>;
constexpr std::array kKindsWithContent{&online::kPopularity, &online::kCovisitation, &online::kContent};

TEST_F(ApiTest, AUsersListFollowsTheirLastClick) {
  fixture_.learn(testing::user_event(1000, "me", "a", 1'700'000'100'000));
  EXPECT_EQ(items(get("/v1/users/me/recommendations")).front(), "b");
  fixture_.learn(testing::user_event(1001, "me", "b", 1'700'000'101'000));
  const json::value list = get("/v1/users/me/recommendations?explain=true&k=1");
  EXPECT_EQ(items(list), Names{"c"});
  EXPECT_EQ(list.at("source").as_string(), "blend");
  EXPECT_TRUE(list.at("items").at(0).at("parts").as_object().contains("covisitation"));
  EXPECT_EQ(list.at("model").at("version").to_number<int>(), 1);
}

TEST_F(ApiTest, AStrangerGetsWhatIsPopular) {
  const json::value list = get("/v1/users/stranger/recommendations?k=2");
  EXPECT_EQ(list.at("source").as_string(), "popularity");
  EXPECT_EQ(items(list).size(), 2U);
  EXPECT_EQ(items(get("/v1/popular?k=2")), items(list));
}

TEST_F(ApiTest, NothingIsSimilarToAnItemThatNobodyHasNamed) {
  EXPECT_EQ(get("/v1/items/none/similar", 404).at("detail").as_string(),
            "no event had this item, and the catalogue does not have it");
}

TEST_F(ApiTest, AFilterInABodyMayBeAsDeepAsElsewhere) {
  const auto nested = [](std::size_t depth) {
    std::string filter = R"("item = b")";
    for (std::size_t i = 0; i < depth; ++i) filter = R"({"not":)" + filter + "}";
    return R"({"session":["a"],"filter":)" + filter + "}";
  };
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", nested(64)).body)), Names{"b"});
  EXPECT_TRUE(detail("POST", "/v1/recommendations", nested(65)).starts_with("not JSON: "));
  EXPECT_TRUE(detail("POST", "/v1/recommendations", R"({"filter":{"attribute":"a","op":"LIKE","value":1}})")
                  .starts_with("filter: op: expected one of "));
}

TEST_F(ApiTest, APageOfItemsIsBoundedInBytesToo) {
  std::vector<Item> large(7);
  for (std::size_t i = 0; i < large.size(); ++i) {
    large[i].item = "large" + std::to_string(i);
    large[i].text = std::string(400'000, 'x');
  }
  testing::put_items(fixture_.catalogue, large);
  std::string target = "/v1/items?limit=1000";
  Names all;
  std::size_t pages = 1;
  for (json::value page = get(target);; page = get(target + "&cursor=" + all.back()), ++pages) {
    for (std::string& name : items(page)) all.push_back(std::move(name));
    EXPECT_LT(json::serialize(page).size(), 1'500'000U);
    if (!page.as_object().contains("next")) break;
    EXPECT_EQ(page.at("next").as_string(), all.back());
  }
  EXPECT_EQ(all, (Names{"large0", "large1", "large2", "large3", "large4", "large5", "large6"}));
  EXPECT_EQ(pages, 3U);
  executor_->busy = true;
  EXPECT_EQ(ask("GET", target).status, 503U);
}

TEST_F(ApiTest, AListWhoseFilterCostsMuchIsMadeElsewhereAndOneThatCostsTooMuchIsRefused) {
  std::vector<Item> described(50);
  for (std::size_t i = 0; i < described.size(); ++i) {
    described[i].item = "d" + std::to_string(i);
    described[i].text = std::string(8000, 'x') + " word" + std::to_string(i);
  }
  testing::put_items(fixture_.catalogue, described);
  EXPECT_EQ(items(get("/v1/popular?filter=item%20%3D%20d7")), Names{"d7"});
  EXPECT_EQ(executor_->readings, 0);
  const std::string costly = "/v1/popular?filter=text%20CONTAINS%20word49";
  EXPECT_EQ(items(get(costly)), Names{"d49"});
  EXPECT_EQ(executor_->readings, 1);
  executor_->busy = true;
  const ApiResponse late = ask("GET", costly);
  EXPECT_EQ(late.status, 503U);
  EXPECT_EQ(std::ranges::count(late.headers, Header{"Retry-After", "1"}), 1) << late.body;
  executor_->busy = false;
  json::array many;
  for (int i = 0; i < 2000; ++i) many.push_back(json::value("text CONTAINS none" + std::to_string(i)));
  const json::object body{{"session", {"a"}}, {"filter", json::array{many}}};
  EXPECT_TRUE(detail("POST", "/v1/recommendations", json::serialize(body)).starts_with("filter: compares too much"));
}

TEST_F(ApiTest, IdsMayContainAnything) {
  fixture_.learn(testing::user_event(1000, "a/b c?ü", "a", 1'700'000'100'000));
  EXPECT_EQ(items(get("/v1/users/a%2Fb%20c%3F%C3%BC/recommendations")).front(), "b");
  EXPECT_EQ(detail("GET", "/v1/users/%FF/recommendations"), "the path is not valid UTF-8");
  EXPECT_EQ(ask("GET", "/v1/users/%zz/recommendations").status, 400U);
}

TEST_F(ApiTest, ListsLeaveOutWhatIsExcludedSeenOrUnavailable) {
  const json::value stateless = json::parse(ask("POST", "/v1/recommendations", R"({"session":["a","b"]})").body);
  EXPECT_EQ(items(stateless), (Names{"c", "a"}));
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", R"({"session":["a","b"],"exclude_seen":true})").body)),
            Names{"c"});
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", R"({"session":["a","b"],"exclude":["c"]})").body)),
            Names{"a"});
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", R"({"session":["a","b"],"exclude":["","c"]})").body)),
            Names{"a"});
  ASSERT_EQ(ask("PUT", "/v1/items/c", R"({"available":false})").status, 202U);
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", R"({"session":["a","b"]})").body)), Names{"a"});
  EXPECT_EQ(items(get("/v1/items/a/similar?exclude=b&k=5")), Names{});
}

TEST_F(ApiTest, AUsersListKnowsTheirSessionFromBeforeTheLogin) {
  PositionedEvent before = testing::user_event(1000, "", "a", 1'700'000'100'000);
  PositionedEvent after = testing::user_event(1001, "me", "b", 1'700'000'101'000);
  before.event.session = after.event.session = "s";
  fixture_.learn(before);
  fixture_.learn(after);
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_seen=true")), Names{"c"});
  EXPECT_EQ(items(get("/v1/users/me/recommendations")), items(get("/v1/sessions/s/recommendations")));
}

TEST_F(ApiTest, WhatWasSeenLongAgoOrOnlyShownIsSeen) {
  fixture_.online.max_session_items = 2;
  std::int64_t offset = 1000;
  for (const char* item : {"b", "x", "a", "x", "a"}) {
    PositionedEvent entry = testing::user_event(offset, "me", item, 1'700'000'100'000 + 86'400'000 * (offset - 1000));
    entry.event.session = "s" + std::to_string(offset);
    fixture_.learn(entry);
    ++offset;
  }
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_seen=true")), Names{"c"});
  PositionedEvent shown = testing::user_event(offset, "me", "c", 1'700'000'100'000);
  shown.event.type = "impression";
  fixture_.learn(shown);
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_seen=true")), Names{});
}

TEST_F(ApiTest, ListsLeaveOutTheItemsOfEventsOfExcludedTypes) {
  constexpr std::int64_t kDay = 86'400'000, kThen = 1'700'001'000'000;
  const auto did = [&](std::int64_t offset, const char* type, const char* item, std::int64_t days) {
    PositionedEvent entry = testing::user_event(offset, "me", item, kThen + days * kDay);
    entry.event.type = type;
    entry.event.session = "s" + std::to_string(days);
    fixture_.learn(entry);
  };
  did(1000, "purchase", "b", 0);
  did(1001, "cart", "c", 9);
  did(1002, "view", "a", 10);
  const auto list = [&](std::string_view types) {
    return items(get("/v1/users/me/recommendations?exclude_types=" + std::string(types)));
  };
  EXPECT_EQ(items(get("/v1/users/me/recommendations")).size(), 2U);
  EXPECT_EQ(list("purchase"), Names{"c"}) << "in another session, long ago";
  EXPECT_EQ(list("purchase:10d"), Names{"c"});
  EXPECT_EQ(list("purchase:9d,cart:1d"), Names{"b"});
  EXPECT_EQ(list("purchase,cart"), Names{});
  EXPECT_EQ(list("nothing,").size(), 2U) << "a type that nobody uses";
  EXPECT_EQ(items(get("/v1/sessions/s9/recommendations?exclude_types=purchase,cart")).size(), 2U) << "its own only";
  EXPECT_EQ(detail("GET", "/v1/users/me/recommendations?exclude_types=cart:90x"),
            "exclude_types: \"90x\" is not a duration such as 12h or 90d");
  EXPECT_TRUE(detail("GET", "/v1/users/me/recommendations?exclude_types=$x").starts_with("exclude_types: type: "));
  for (const std::string type : {"$item", "$erase"}) {
    EXPECT_EQ(detail("GET", "/v1/users/me/recommendations?exclude_types=" + type),
              "exclude_types: type: \"" + type + "\" begins with '$', which is freshet's own");
  }
  EXPECT_TRUE(detail("GET", "/v1/popular?exclude_types=cart").starts_with("unknown query parameter")) << "of nobody";

  const auto stateless = [&](const std::string& types) {
    const ApiResponse answer = ask("POST", "/v1/recommendations",
                                   R"({"session":[{"item":"b","type":"purchase","ts":"2023-11-01T00:00:00Z"},"a"],)"
                                   R"("exclude_types":)" +
                                       types + "}");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return items(json::parse(answer.body));
  };
  EXPECT_EQ(stateless("null").size(), 2U);
  EXPECT_EQ(stateless(R"(["cart","purchase"])"), Names{"c"});
  EXPECT_EQ(stateless(R"(["purchase:1d"])").size(), 2U);
  EXPECT_EQ(stateless(R"(["","purchase",""])"), stateless(R"(["purchase"])")) << "as between commas of the parameter";
  EXPECT_EQ(list(",purchase,,"), list("purchase"));
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"exclude_types":["cart","cart:2d"]})"),
            "exclude_types: \"cart\" given twice");
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"exclude_types":"cart"})"), "exclude_types: expected an array");
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"exclude_types":[1]})"), "exclude_types: expected texts");
}

TEST_F(ApiTest, EventsOfASessionInTheRequestCountAsStoredOnesDo) {
  const auto list = [&](std::string_view session) {
    const ApiResponse answer = ask("POST", "/v1/recommendations", R"({"session":)" + std::string(session) + "}");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return items(json::parse(answer.body));
  };
  const Names after_a = list(R"(["a"])");
  EXPECT_NE(list(R"(["a","c"])"), after_a);
  EXPECT_EQ(list(R"(["a",{"item":"c","type":"dislike"}])"), after_a) << "nothing is learned from a dislike";
  EXPECT_EQ(list(R"([{"item":"c","ts":1},"a"])"), after_a) << "a session of 1970 is over";
  EXPECT_EQ(list(R"([{"item":"a","id":"1"},{"item":"b"},{"item":"a"},{"item":"b","id":"1"}])"),
            list(R"(["a","b","a"])"))
      << "an id that comes again is the same event";
  EXPECT_EQ(list(R"([{"item":"a","consent":false,"type":null}])"), after_a);
  const auto refused = [&](std::string_view event) {
    return detail("POST", "/v1/recommendations", R"({"session":[)" + std::string(event) + "]}");
  };
  EXPECT_TRUE(refused(R"({"item":"a","ts":"yesterday"})").starts_with("session: ts: ")) << "judged as an event is";
  EXPECT_EQ(refused(R"({"type":"view"})"), "session: item: missing");
  EXPECT_TRUE(refused(R"({"item":"a","type":"$x"})").starts_with("session: type: "));
  EXPECT_TRUE(detail("POST", "/v1/rank", R"({"session":[{"item":"a","value":"x"}],"items":["a"]})")
                  .starts_with("session: value: "));
}

TEST_F(ApiTest, SimilarUsersAreListedMostAlikeFirst) {
  const json::value answer = get("/v1/users/u3/similar?k=5");
  EXPECT_EQ(answer.at("user").as_string(), "u3");
  const json::array& similar = answer.at("similar").as_array();
  ASSERT_EQ(similar.size(), 5U);
  double before = 1.0001;
  for (const json::value& other : similar) {
    EXPECT_NE(other.at("user").as_string(), "u3");
    EXPECT_LE(other.at("similarity").as_double(), before);
    before = other.at("similarity").as_double();
  }
  EXPECT_EQ(get("/v1/users/stranger/similar", 404).at("detail").as_string(),
            "no such user, or nothing learned about them yet");
  EXPECT_EQ(detail("GET", "/v1/users/u3/similar?k=0"), "k: expected an integer from 1 to 1000");
}

TEST_F(ApiTest, AnErasedUserIsSimilarToNobodyEvenBeforeTheLearnerKnows) {
  const std::string nearest(get("/v1/users/u3/similar?k=1").at("similar").at(0).at("user").as_string());
  ASSERT_EQ(ask("DELETE", "/v1/users/" + nearest).status, 202U);
  const json::value answer = get("/v1/users/u3/similar?k=30");
  for (const json::value& other : answer.at("similar").as_array()) {
    EXPECT_NE(other.at("user").as_string(), nearest);
  }
  EXPECT_EQ(ask("GET", "/v1/users/" + nearest + "/similar").status, 404U);
}

TEST_F(ApiTest, SimilarUsersNeedThePartThatComparesThem) {
  auto without = std::make_shared<online::Snapshot>(*fixture_.snapshot);
  without->parts.pop_back();
  fixture_.snapshot = without;
  EXPECT_EQ(get("/v1/users/u3/similar", 404).at("detail").as_string(),
            "no part compares users: online.parts has no user_cf");
}

TEST_F(ApiTest, RankReturnsEveryCandidateOnceUnknownOnesLast) {
  const json::value ranked =
      json::parse(ask("POST", "/v1/rank", R"({"session":["a"],"items":["x","c","b","y"]})").body);
  EXPECT_EQ(items(ranked), (Names{"b", "c", "x", "y"}));
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"items":["b","b"]})"), "items: the same item twice");
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"user":"u","session":"s","items":[]})"), "give user or session, not both");
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"user":"u"})"), "items: missing");
}

TEST_F(ApiTest, BadParametersAreNamed) {
  EXPECT_EQ(detail("GET", "/v1/popular?k=0"), "k: expected an integer from 1 to 1000");
  EXPECT_EQ(detail("GET", "/v1/popular?k=1e3"), "k: expected an integer from 1 to 1000");
  EXPECT_EQ(detail("GET", "/v1/popular?explian=true"),
            "unknown query parameter \"explian\"; did you mean \"explain\"?");
  EXPECT_EQ(detail("GET", "/v1/popular?k=1&k=2"), "k: given twice");
  EXPECT_EQ(detail("GET", "/v1/popular?explain=yes"), "explain: expected true or false");
  EXPECT_EQ(detail("GET", "/v1/users/u/recommendations?after=x"), "after: not a position token");
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"sesion":[]})"), "sesion: unknown field");
  EXPECT_EQ(detail("POST", "/v1/recommendations", "[1,2"), "not JSON: incomplete JSON at byte 4");
  EXPECT_EQ(detail("PUT", "/v1/items/a", R"({"price":"9"})"), "price: expected a number");
  EXPECT_EQ(detail("PUT", "/v1/items/a", R"({"item":"b"})"), R"(item: "b" is not "a")");
  EXPECT_EQ(detail("POST", "/v1/items", R"([{"item":"a","price":"x"},{"title":"x"}])"),
            "no item was accepted; the first: price: expected a number");
  EXPECT_EQ(detail("GET", "/v1/popular?filter=price%20%3C"),
            "filter: col 8: expected a value after \"<\", not the end");
}

TEST_F(ApiTest, FieldsOfABodyHaveTheRangesOfTheParametersOfTheSameName) {
  for (const char* k : {"0", "1001", "-1", "\"5\"", "1.5", "true", "18446744073709551615"}) {
    EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"k":)" + std::string(k) + "}"),
              "k: expected an integer from 1 to 1000");
  }
  for (const char* flag : {"1", "\"true\""}) {
    EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"explain":)" + std::string(flag) + "}"),
              "explain: expected true or false");
  }
  EXPECT_EQ(items(json::parse(ask("POST", "/v1/recommendations", R"({"k":1,"exclude_seen":true})").body)).size(), 1U);
}

TEST_F(ApiTest, TheShareOfContentIsFromZeroToOne) {
  for (const char* share : {"0", "1", "0.25", "1e-3"}) {
    EXPECT_EQ(items(get("/v1/users/u1/recommendations?content=" + std::string(share))).size(), 2U);
    EXPECT_EQ(ask("POST", "/v1/recommendations", R"({"session":["a"],"content":)" + std::string(share) + "}").status,
              200U);
    EXPECT_EQ(ask("POST", "/v1/rank", R"({"items":["a"],"content":)" + std::string(share) + "}").status, 200U);
  }
  const std::string expected = "content: expected a number from 0 to 1";
  for (const char* share : {"-0.1", "1.1", "nan", "inf", "", "0,5", "x"}) {
    EXPECT_EQ(detail("GET", "/v1/items/a/similar?content=" + std::string(share)), expected) << share;
  }
  for (const char* share : {"2", "-1", "1.5", "true", "\"1\"", "[]"}) {
    EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"content":)" + std::string(share) + "}"), expected) << share;
    EXPECT_EQ(detail("POST", "/v1/rank", R"({"items":[],"content":)" + std::string(share) + "}"), expected) << share;
  }
  EXPECT_TRUE(detail("GET", "/v1/popular?content=1").starts_with("unknown query parameter"));
}

TEST_F(ApiTest, ValuesActOnTheListThatIsAskedForAndOnNoOther) {
  std::int64_t at = 1000;
  const auto send = [&](const std::string& user, const char* item, const char* type) {
    PositionedEvent entry = testing::user_event(at, user, item, 1'700'000'100'000 + at * 1000);
    ++at;
    entry.event.type = type;
    fixture_.learn(entry);
  };
  for (int n = 0; n < 400; ++n) {  // people go from a to b, and from a to c to buy it
    const std::string user = "v" + std::to_string(n);
    const char* item = n % 4 == 0 ? "c" : "b";
    send(user, "a", "view");
    send(user, item, "view");
    if (n % 4 == 0) send(user, item, "purchase");
  }
  send("me", "a", "view");
  fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  const auto first = [&](const std::string& target, const std::string& body = "") {
    const json::value list = json::parse(ask(body.empty() ? "GET" : "POST", target, body).body);
    return items(list).front() + " by " + std::string(list.at("source").as_string());
  };
  EXPECT_EQ(first("/v1/users/me/recommendations"), "b by blend");
  EXPECT_EQ(first("/v1/users/me/recommendations?value=purchase:10"), "c by value");
  EXPECT_EQ(first("/v1/users/me/recommendations?value=like:10"), "b by blend") << "it has never happened";
  EXPECT_EQ(first("/v1/items/a/similar?value=purchase:10"), "c by value");
  EXPECT_EQ(first("/v1/items/a/similar?value=purchase:1,view:100"), "b by value");
  EXPECT_EQ(first("/v1/recommendations", R"({"session":["a"],"value":{"purchase":10}})"), "c by value");
  EXPECT_EQ(first("/v1/rank", R"({"session":["a"],"items":["b","c"],"value":{"purchase":10}})"), "c by value");
  EXPECT_EQ(first("/v1/rank", R"({"session":["a"],"items":["b","c"]})"), "b by blend");

  fixture_.online.values = {{"purchase", 10}};  // [value] of the configuration
  EXPECT_EQ(first("/v1/users/me/recommendations"), "c by value");
  EXPECT_EQ(first("/v1/users/me/recommendations?value="), "b by blend") << "none, in place of those";
  EXPECT_EQ(first("/v1/recommendations", R"({"session":["a"],"value":{}})"), "b by blend");
  EXPECT_EQ(first("/v1/recommendations", R"({"session":["a"],"value":null})"), "c by value");
}

TEST_F(ApiTest, ValuesThatAreNoneNameTheTypeAndWhatThereIs) {
  const std::string known =
      "is none of online.blender.actions: view, cart, purchase, like, dislike, refund, "
      "remove_from_cart, dwell";
  const std::string number = "purchase: expected a number from -1000000 to 1000000";
  EXPECT_EQ(detail("GET", "/v1/items/a/similar?value=tea:1"), "value: tea: " + known);
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"value":{"tea":1}})"), "value: tea: " + known);
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"items":["a"],"value":{"tea":1}})"), "value: tea: " + known);
  for (const char* value : {"nan", "inf", "-inf", "1e7", "", "x"}) {
    EXPECT_EQ(detail("GET", "/v1/users/u1/recommendations?value=purchase:" + std::string(value)), "value: " + number);
  }
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"value":{"purchase":1e300}})"), "value: " + number);
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"value":{"purchase":"10"}})"),
            "value: purchase: expected a number");
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"value":["purchase"]})"), "value: expected an object");
  std::string many;
  for (int n = 0; n < 17; ++n) many += "t" + std::to_string(n) + ":1,";
  EXPECT_EQ(detail("GET", "/v1/users/u1/recommendations?value=" + many), "value: more than 16 types");
  EXPECT_TRUE(detail("GET", "/v1/popular?value=purchase:1").starts_with("unknown query parameter"));
}

TEST_F(ApiTest, NullMeansAbsent) {
  EXPECT_EQ(ask("PUT", "/v1/items/n",
                R"({"item":null,"title":null,"text":null,"categories":null,"price":null,"available":null,"ts":null,)"
                R"("attributes":null})")
                .status,
            202U);
  EXPECT_EQ(detail("POST", "/v1/items", R"([{"item":null}])"), "no item was accepted; the first: item: missing");
  EXPECT_EQ(ask("POST", "/v1/recommendations",
                R"({"session":null,"k":null,"exclude":null,"exclude_seen":null,"explain":null})")
                .status,
            200U);
  EXPECT_EQ(ask("POST", "/v1/rank", R"({"user":null,"session":"s","items":["a"]})").status, 200U);
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"items":null})"), "items: missing");
}

TEST_F(ApiTest, AnEntryThatIsThereByChanceSaysSo) {
  options_.explore_share = 1;
  fixture_.online = testing::with_every_part(kKindsWithContent);
  fixture_.model = std::make_unique<online::Model>(fixture_.online, online::make_parts(fixture_.online), fixture_.ids);
  std::int64_t offset = 1000;
  for (int n = 0; n < 40; ++n) {
    Item item;
    item.item = "i" + std::to_string(n);
    item.title = "mug";
    fixture_.learn(testing::item_record({0, offset++}, testing::put_of(item)));
  }
  fixture_.learn(testing::user_event(offset, "me", "i0", 1'700'001'000'000));
  fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  const Api api(options_, fixture_.services());
  const auto explored = [&](std::string_view method, std::string_view target, std::string_view body = "") {
    std::size_t entries = 0;
    testing::handle(api, {method, target, body, false, executor_}, [&](const ApiResponse& response) {
      const json::value answer = json::parse(response.body);
      for (const json::value& entry : answer.at("items").as_array()) {
        if (!entry.as_object().contains("explored")) continue;
        ++entries;
        EXPECT_TRUE(entry.at("explored").as_bool());
        EXPECT_GT(entry.at("propensity").as_double(), 0);
        EXPECT_LE(entry.at("propensity").as_double(), 1);
      }
    });
    return entries;
  };
  EXPECT_EQ(explored("GET", "/v1/users/me/recommendations?k=5"), 1U);
  EXPECT_EQ(explored("POST", "/v1/recommendations", R"({"session":["i0"],"k":5})"), 1U);
  EXPECT_EQ(explored("GET", "/v1/items/i0/similar?k=5"), 0U);
  EXPECT_EQ(explored("GET", "/v1/popular?k=5"), 0U);
}

TEST_F(ApiTest, AMemberGivenTwiceIsRefused) {
  EXPECT_EQ(detail("PUT", "/v1/items/n", R"({"available":false,"available":true})"), "available: given twice");
  EXPECT_EQ(detail("PATCH", "/v1/items/n", R"({"price":1,"pri\u0063e":2})"), "price: given twice");
  EXPECT_EQ(detail("PUT", "/v1/items/n", R"({"x":1,"attributes":{"x":2}})"), "attributes.x: given twice");
  EXPECT_EQ(detail("PUT", "/v1/items/n", R"({"attributes":{"x":[{"y":1,"y":2}]}})"), "y: given twice");
  EXPECT_EQ(detail("POST", "/v1/recommendations", R"({"k":1,"session":[],"k":2})"), "k: given twice");
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"items":["a"],"items":["b"]})"), "items: given twice");
  EXPECT_EQ(ask("PUT", "/v1/items/n", R"({"title":"\",\"title\":","text":"title"})").status, 202U) << "no members";
}

TEST_F(ApiTest, AByteOrderMarkIsSkipped) {
  EXPECT_EQ(ask("PUT", "/v1/items/n", "\xEF\xBB\xBF{}").status, 202U);
  EXPECT_EQ(detail("PUT", "/v1/items/n", "\xEF\xBB\xBF{x"), "not valid JSON");
}

TEST_F(ApiTest, ExcludedIdsMayContainCommas) {
  fixture_.learn(testing::user_event(1000, "me", "a,b", 1'700'000'100'000));
  fixture_.learn(testing::user_event(1001, "me", "\\", 1'700'000'100'001));
  fixture_.snapshot = fixture_.model->publish(fixture_.clock.now());
  const auto left_in = [&](std::string_view exclude) {
    Names names = items(get("/v1/popular?exclude=" + std::string(exclude)));
    std::ranges::sort(names);
    return names;
  };
  EXPECT_EQ(left_in("x"), (Names{"\\", "a", "a,b", "b", "c"}));
  EXPECT_EQ(left_in("a%5C,b,,c"), (Names{"\\", "a", "b"}));
  EXPECT_EQ(left_in("a,c"), (Names{"\\", "a,b", "b"}));
  EXPECT_EQ(left_in("a%2Cb"), (Names{"\\", "c"})) << "one id, or two";
  EXPECT_EQ(left_in("%5C%5C,c"), (Names{"a", "a,b", "b"}));
}

TEST_F(ApiTest, AListHasAnIdOfItsOwn) {
  const std::string first(get("/v1/popular").at("request").as_string());
  EXPECT_EQ(first.size(), 16U);
  EXPECT_NE(first, get("/v1/popular").at("request").as_string());
}

TEST_F(ApiTest, OnlyEndpointsThatReadABodyWantIt) {
  const auto wants_body = [&](std::string_view method, std::string_view target) {
    return api_.match({method, target, "", false, executor_}).wants_body();
  };
  EXPECT_TRUE(wants_body("POST", "/v1/events"));
  EXPECT_TRUE(wants_body("PATCH", "/v1/items/a"));
  EXPECT_FALSE(wants_body("DELETE", "/v1/items/a"));
  EXPECT_FALSE(wants_body("GET", "/v1/popular"));
  EXPECT_FALSE(wants_body("POST", "/v1/popular"));
  EXPECT_FALSE(wants_body("POST", "/nowhere"));
  EXPECT_FALSE(wants_body("POST", "/%zz"));
}

TEST_F(ApiTest, TheBodyOfAKeyThatCallsTooOftenIsNotWanted) {
  const std::string key = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("writer", {Scope::write}, {{0.25, 1}}, key) << "\n";
  const Api api(options_, fixture_.services());
  const std::string authorization = "Bearer " + key;
  EXPECT_TRUE(api.match({"POST", "/v1/events", "", false, executor_, authorization}).wants_body());
  EXPECT_FALSE(api.match({"POST", "/v1/events", "", false, executor_, authorization}).wants_body());
}

TEST_F(ApiTest, AKeyThatHasUsedUpItsEventsIsRefusedBeforeItsBody) {
  const std::string key = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("writer", {Scope::write, Scope::admin, Scope::read},
                                                {{}, RateLimit{0.25, 10}}, key)
                                    << "\n";
  const Api api(options_, fixture_.services());
  const std::string authorization = "Bearer " + key;
  fixture_.sink.weight = 30;
  const auto ask_for = [&](std::string_view method, std::string_view target) {
    ApiResponse answer;
    testing::handle(api, {method, target, "[]", false, executor_, authorization},
                    [&](ApiResponse response) { answer = std::move(response); });
    return answer;
  };
  EXPECT_EQ(ask_for("POST", "/v1/events").status, 202U);
  for (const auto& [method, target] :
       {std::pair{"POST", "/v1/events"}, {"POST", "/v1/items"}, {"PUT", "/v1/items/a"}, {"PATCH", "/v1/items/a"}}) {
    EXPECT_FALSE(api.match({method, target, "", false, executor_, authorization}).wants_body()) << target;
    const ApiResponse refused = ask_for(method, target);
    EXPECT_EQ(refused.status, 429U) << target;
    EXPECT_NE(refused.body.find("sends more events than it may"), std::string::npos) << refused.body;
    const auto wait = std::ranges::find(refused.headers, "Retry-After", &Header::first);
    ASSERT_NE(wait, refused.headers.end());
    EXPECT_NEAR(std::stoi(wait->second), 84, 4) << "20 missing and one to go on with, at one in 4 s";
  }
  EXPECT_EQ(ask_for("GET", "/v1/popular").status, 200U);
  EXPECT_EQ(fixture_.sink.bodies.size(), 1U);
}

TEST_F(ApiTest, UnknownPathsAndMethodsAreToldWhatExists) {
  EXPECT_EQ(ask("GET", "/v2/popular").status, 404U);
  const ApiResponse refused = ask("DELETE", "/v1/popular");
  EXPECT_EQ(refused.status, 405U);
  ASSERT_FALSE(refused.headers.empty());
  EXPECT_EQ(refused.headers[0], (std::pair<std::string, std::string>{"Allow", "GET, HEAD"}));
  EXPECT_EQ(ask("HEAD", "/v1/popular").status, 200U);
}

TEST_F(ApiTest, WithKeysEachEndpointAsksForItsScope) {
  const std::string reader = new_api_key(), impatient = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("reader", {Scope::read}, {}, reader) << "\n"
                                    << key_line("impatient", {Scope::read}, {{0.25, 1}}, impatient) << "\n";
  const Api api(options_, fixture_.services());
  const auto ask_as = [&](const std::string& key, std::string_view method, std::string_view target) {
    ApiResponse answer;
    const std::string authorization = key.empty() ? "" : "Bearer " + key;
    testing::handle(api, {method, target, "", false, executor_, authorization},
                    [&](ApiResponse response) { answer = response; });
    return answer;
  };
  const auto header = [](const ApiResponse& answer, const std::string& name) {
    for (const auto& [given, value] : answer.headers) {
      if (given == name) return value;
    }
    return std::string();
  };

  for (const char* open : {"/healthz", "/readyz", "/openapi.json"}) EXPECT_EQ(ask_as("", "GET", open).status, 200U);
  fixture_.status.components = {{"store", "cannot write /srv/freshet/data", "time has jumped"}};
  EXPECT_EQ(ask_as("", "GET", "/readyz").body, R"({"ready":false,"components":{"store":{"ready":false}}})");
  EXPECT_EQ(ask_as(reader, "GET", "/readyz").body,
            R"({"ready":false,"components":{"store":{"ready":false,"reason":"cannot write /srv/freshet/data",)"
            R"("warning":"time has jumped"}}})");
  const ApiResponse nobody = ask_as("", "GET", "/metrics");
  EXPECT_EQ(nobody.status, 401U);
  EXPECT_EQ(nobody.content_type, "application/problem+json");
  EXPECT_EQ(header(nobody, "WWW-Authenticate"), R"(Bearer realm="freshet", scope="read")");
  EXPECT_EQ(header(ask_as(new_api_key(), "GET", "/v1/popular"), "WWW-Authenticate"),
            R"(Bearer realm="freshet", scope="read", error="invalid_token")");

  EXPECT_EQ(ask_as(reader, "GET", "/v1/popular").status, 200U);
  EXPECT_EQ(ask_as(reader, "GET", "/metrics").status, 200U);
  const ApiResponse forbidden = ask_as(reader, "DELETE", "/v1/users/u1");
  EXPECT_EQ(forbidden.status, 403U);
  EXPECT_EQ(json::parse(forbidden.body).at("detail").as_string(), R"(the key "reader" has no scope "admin")");
  EXPECT_TRUE(fixture_.sink.erased.empty());
  EXPECT_EQ(ask_as(reader, "POST", "/v1/events").status, 403U);

  EXPECT_EQ(ask_as(impatient, "GET", "/v1/popular").status, 200U);
  const ApiResponse early = ask_as(impatient, "GET", "/v1/popular");
  EXPECT_EQ(early.status, 429U);
  EXPECT_FALSE(header(early, "Retry-After").empty());
}

TEST_F(ApiTest, EveryAnswerCarriesTheIdOfItsRequest) {
  const auto id_for = [&](std::string_view given, std::string_view target) {
    std::string id;
    testing::handle(api_, {"GET", target, "", false, executor_, "", "", given}, [&](const ApiResponse& response) {
      for (const auto& [name, value] : response.headers) {
        if (name == "X-Request-Id") id = value;
      }
    });
    return id;
  };
  for (const char* target : {"/healthz", "/nowhere", "/%zz", "/v1/popular?k=0"}) {
    EXPECT_EQ(id_for("trace-1.a:b_2", target), "trace-1.a:b_2");
    for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\"b"), std::string(129, 'a')}) {
      const std::string made = id_for(bad, target);
      EXPECT_EQ(made.size(), 16U) << made;
      EXPECT_NE(made, id_for(bad, target));
    }
  }
}

TEST_F(ApiTest, AdminCallsAreAuditedWithoutTheIdsOfPeople) {
  const std::string admin = new_api_key(), reader = new_api_key();
  options_.keys_file = fixture_.dir.path() + "/keys";
  std::ofstream(options_.keys_file) << key_line("ops", {Scope::admin}, {}, admin) << "\n"
                                    << key_line("reader", {Scope::read}, {}, reader) << "\n";
  options_.audit = {.file = fixture_.dir.path() + "/audit.log", .hash_key = "pepper"};
  const auto audit_lines = [&] {
    std::ifstream in(options_.audit.file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto call = [&](const Api& api, std::string_view method, std::string_view target, const std::string& key) {
    testing::handle(api, {method, target, "{}", false, executor_, "", key, "r1"}, [](const ApiResponse&) {});
  };
  {
    const Api api(options_, fixture_.services());
    call(api, "DELETE", "/v1/users/u3", admin);
    call(api, "GET", "/v1/sessions/u4", reader);
    call(api, "PUT", "/v1/items/mug", admin);
    call(api, "DELETE", "/v1/users/u5", new_api_key());
    call(api, "GET", "/v1/users/u6/recommendations", reader);
  }
  // printf %s u3 | openssl dgst -sha256 -hmac pepper
  const std::string first =
      R"(audit admin call request=r1 key=ops call="DELETE /v1/users/{user}" owner_hash=d707fa704090be2e status=202)";
  const std::string lines = audit_lines();
  EXPECT_NE(lines.find(first), std::string::npos) << lines;
  EXPECT_NE(lines.find(R"(key=reader call="GET /v1/sessions/{session}" owner_hash=)"), std::string::npos) << lines;
  EXPECT_NE(lines.find(R"(key=ops call="PUT /v1/items/{item}" item=mug status=202)"), std::string::npos) << lines;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 3) << lines;

  options_.audit.ids = true;
  {
    const Api api(options_, fixture_.services());
    call(api, "DELETE", "/v1/users/u3", admin);
  }
  log::audit_to("");
  EXPECT_NE(audit_lines().find(R"(owner=u3 status=202)"), std::string::npos);

  options_.audit.file = fixture_.dir.path();
  EXPECT_THROW(Api(options_, fixture_.services()), std::runtime_error);
}

TEST_F(ApiTest, MetricsMayBeLeftOpen) {
  options_.keys_file = fixture_.dir.path() + "/keys";
  options_.open_metrics = true;
  std::ofstream(options_.keys_file) << key_line("reader", {Scope::read}, {}, new_api_key());
  const Api api(options_, fixture_.services());
  ApiResponse answer;
  testing::handle(api, {"GET", "/metrics", "", false, executor_}, [&](ApiResponse response) { answer = response; });
  EXPECT_EQ(answer.status, 200U);
}

TEST_F(ApiTest, AnEventWithoutConsentCountsForTheListBetweenThoseThatAreStored) {
  fixture_.learn(testing::user_event(1000, "me", "b", 1'700'000'100'000));
  EXPECT_EQ(items(get("/v1/users/me/recommendations")).front(), "c");
  Event withheld = testing::user_event(0, "me", "a", 1'700'000'101'000).event;
  fixture_.transient.add(withheld);
  EXPECT_EQ(items(get("/v1/users/me/recommendations")).front(), "b");
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_seen=true")).front(), "c");
  fixture_.learn(testing::user_event(1001, "me", "b", 1'700'000'102'000));
  EXPECT_EQ(items(get("/v1/users/me/recommendations")).front(), "c");
  EXPECT_EQ(get("/v1/users/me").at("count").as_int64(), 2);
  ask("DELETE", "/v1/users/me");
  EXPECT_TRUE(fixture_.transient.recent({Owner::Kind::user, "me"}, 10).empty());
}

TEST_F(ApiTest, ExportGoesThroughEverythingHeldOfAnOwnerPageByPage) {
  for (int i = 0; i < 3; ++i) {
    fixture_.learn(testing::user_event(1000 + i, "me", "i" + std::to_string(i), 1'700'000'100'000 + i));
  }
  for (const char* item : {"first", "second", "third"}) {
    fixture_.transient.add(testing::user_event(0, "me", item, 1'700'000'100'000).event);
  }
  const json::value first = get("/v1/users/me/export?limit=2");
  ASSERT_EQ(first.at("events").as_array().size(), 2U);
  EXPECT_EQ(first.at("events").at(0).at("item").as_string(), "i2");
  ASSERT_EQ(first.at("without_consent").as_array().size(), 2U);
  EXPECT_EQ(first.at("without_consent").at(0).at("item").as_string(), "third");
  const auto next = [](const json::value& page) { return std::string(page.at("next").as_string()); };
  const json::value second = get("/v1/users/me/export?limit=2&cursor=" + next(first));
  ASSERT_EQ(second.at("events").as_array().size(), 1U);
  EXPECT_EQ(second.at("events").at(0).at("item").as_string(), "i0");
  EXPECT_FALSE(second.as_object().contains("without_consent"));
  fixture_.transient.add(testing::user_event(0, "me", "meanwhile", 1'700'000'100'000).event);
  const json::value last = get("/v1/users/me/export?limit=2&cursor=" + next(second));
  EXPECT_TRUE(last.at("events").as_array().empty());
  ASSERT_EQ(last.at("without_consent").as_array().size(), 1U);
  EXPECT_EQ(last.at("without_consent").at(0).at("item").as_string(), "first");
  EXPECT_FALSE(last.as_object().contains("next"));
  EXPECT_EQ(ask("GET", "/v1/users/nobody/export").status, 404U);
  EXPECT_EQ(ask("GET", "/v1/sessions/me/export").status, 404U);
  for (const char* cursor :
       {"", "x", "1-2", "1-2-3-", "1-2-3-4-5", "1-2-3x", "-1-2-3", "1--2-3", "1-99999999999-3", "99999999999999999-0-0",
        "held-", "held-x", "held--1", "held-1-", "held-99999999999999999999"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/users/me/export?cursor=") + cursor).status, 400U) << cursor;
  }
}

TEST_F(ApiTest, AListForAnOwnerIsRecordedAndShown) {
  const json::value list = get("/v1/users/me/recommendations?k=2&placement=home-2_a");
  get("/v1/sessions/me/recommendations?k=1");
  get("/v1/popular?k=2");
  const json::value ranked =
      json::parse(ask("POST", "/v1/rank", R"({"user":"me","items":["a","new"],"placement":"cart"})").body);
  ask("POST", "/v1/rank", R"({"session":["b"],"items":["a"]})");
  const json::value served = get("/v1/users/me/served");
  ASSERT_EQ(served.at("lists").as_array().size(), 2U);
  const json::value& newest = served.at("lists").at(0);
  EXPECT_EQ(newest.at("request"), ranked.at("request"));
  EXPECT_EQ(newest.at("placement").as_string(), "cart");
  const json::value& shown = served.at("lists").at(1);
  EXPECT_EQ(shown.at("request"), list.at("request"));
  EXPECT_EQ(shown.at("placement").as_string(), "home-2_a");
  EXPECT_EQ(shown.at("policy").as_string(), "greedy");
  EXPECT_EQ(shown.at("ts").as_string(), "2027-01-15T08:00:00.000Z");
  EXPECT_EQ(items(shown), items(list));
  EXPECT_EQ(get("/v1/sessions/me/served").at("lists").at(0).at("placement").as_string(), "default");

  const json::value first = get("/v1/users/me/served?limit=1");
  EXPECT_EQ(first.at("lists").at(0), newest);
  const json::value second = get("/v1/users/me/served?limit=1&cursor=" + std::string(first.at("next").as_string()));
  EXPECT_EQ(second.at("lists").at(0), shown);
  EXPECT_FALSE(second.as_object().contains("next"));
  EXPECT_EQ(get("/v1/users/nobody/served", 404).at("detail").as_string(), "no recorded list of this user");
  EXPECT_EQ(detail("GET", "/v1/users/me/served?cursor=1-2"), "cursor: not the \"next\" of a page");
  EXPECT_EQ(detail("GET", "/v1/users/me/recommendations?placement=Home"),
            "placement: expected 1 to 64 lower-case letters, digits, '-' and '_'");
  EXPECT_EQ(detail("POST", "/v1/rank", R"({"user":"me","items":["a"],"placement":7})"), "placement: expected a string");
}

TEST_F(ApiTest, AnExportHasTheListsAndErasureTakesThem) {
  fixture_.learn(testing::user_event(1000, "me", "a", 1'700'000'100'000));
  for (int i = 0; i < 3; ++i) get("/v1/users/me/recommendations?k=2");
  const json::value first = get("/v1/users/me/export?limit=2");
  EXPECT_EQ(first.at("events").as_array().size(), 1U);
  EXPECT_EQ(first.at("served").as_array().size(), 2U);
  const json::value second = get("/v1/users/me/export?limit=2&cursor=" + std::string(first.at("next").as_string()));
  EXPECT_TRUE(second.at("events").as_array().empty());
  EXPECT_EQ(second.at("served").as_array().size(), 1U);
  EXPECT_FALSE(second.as_object().contains("without_consent"));
  EXPECT_FALSE(second.as_object().contains("next"));
  for (const char* cursor : {"_", "_1-2", "_1-2-3-4", "1-2-3_", "_1-2-3_1-2-3"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/users/me/export?cursor=") + cursor).status, 400U) << cursor;
  }
  EXPECT_EQ(ask("DELETE", "/v1/users/me").status, 202U);
  EXPECT_EQ(ask("GET", "/v1/users/me/served").status, 404U);
  EXPECT_EQ(ask("GET", "/v1/users/me/export").status, 404U);
  EXPECT_EQ(items(get("/v1/users/me/recommendations?k=3&exclude_served=1h")).size(), 3U) << "nothing is remembered";
}

TEST_F(ApiTest, WhatWasServedLatelyCanBeLeftOut) {
  const Names first = items(get("/v1/users/me/recommendations?k=1&exclude_served=30m"));
  const Names second = items(get("/v1/users/me/recommendations?k=1&exclude_served=30m"));
  const Names third = items(get("/v1/users/me/recommendations?k=5&exclude_served=30m"));
  EXPECT_EQ(first.size(), 1U);
  EXPECT_NE(first, second);
  EXPECT_EQ(third.size(), 1U) << "there are three items";
  EXPECT_TRUE(items(get("/v1/users/me/recommendations?exclude_served=30m")).empty());
  EXPECT_EQ(items(get("/v1/users/you/recommendations?exclude_served=30m")).size(), 3U);
  fixture_.clock.advance(std::chrono::minutes(31));
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_served=30m")).size(), 3U);
  EXPECT_EQ(items(get("/v1/users/me/recommendations?exclude_served=0s")).size(), 3U);
  EXPECT_EQ(detail("GET", "/v1/users/me/recommendations?exclude_served=soon"),
            "exclude_served: expected a duration such as 30m or 12h");
}

TEST_F(ApiTest, PagesGoOnWhereTheOneBeforeEnded) {
  const json::value first = get("/v1/users/me/recommendations?k=2");
  const std::string next(first.at("next").as_string());
  const json::value second = get("/v1/users/me/recommendations?k=2&page=" + next);
  EXPECT_EQ(items(second).size(), 1U);
  EXPECT_FALSE(second.as_object().contains("next"));
  Names all = items(first);
  for (const std::string& item : items(second)) all.push_back(item);
  EXPECT_EQ(all, items(get("/v1/users/me/recommendations?k=3")));
  EXPECT_EQ(get("/v1/users/me/served").at("lists").at(1).at("page_of"), first.at("request"));
  EXPECT_FALSE(get("/v1/popular?k=1").as_object().contains("next"));
  EXPECT_EQ(detail("GET", "/v1/users/you/recommendations?page=" + next),
            "page: the \"next\" of a list of another user or session");
  EXPECT_EQ(detail("GET", "/v1/users/me/recommendations?page=" + next.substr(2)), "page: not the \"next\" of a list");
}

TEST_F(ApiTest, PropsAreReturnedAsTheyWereSent) {
  PositionedEvent entry = testing::user_event(1000, "me", "i", 1'700'000'100'000);
  std::string deep = "1";
  for (int i = 0; i < 60; ++i) deep = R"({"a":)" + deep + "}";
  entry.event.props = R"({"n":12345678901234567890.0,"a":1,"a":2,"e":1E+2,"deep":)" + deep + "}";
  fixture_.learn(entry);
  for (const char* target : {"/v1/users/me", "/v1/users/me/export"}) {
    EXPECT_NE(ask("GET", target).body.find(R"("props":)" + entry.event.props + "}"), std::string::npos) << target;
  }
}

TEST_F(ApiTest, AfterWaitsForTheHistoriesAndGivesUpInTime) {
  ApiResponse answer;
  answer.status = 0;
  const auto respond = [&](ApiResponse response) { answer = std::move(response); };
  testing::handle(api_, {"GET", "/v1/users/me/recommendations?after=0-1001", "", false, executor_}, respond);
  EXPECT_EQ(answer.status, 0U);
  fixture_.learn(testing::user_event(1000, "me", "a", 1'700'000'100'000));
  EXPECT_EQ(answer.status, 200U);
  executor_->run_later();  // the timeout comes too late
  EXPECT_EQ(answer.status, 200U);

  answer.status = 0;
  testing::handle(api_, {"GET", "/v1/users/me/recommendations?after=0-5000", "", false, executor_}, respond);
  executor_->run_later();
  EXPECT_EQ(answer.status, 412U);
  fixture_.visible.move_to({{0, 5000}});
  EXPECT_EQ(answer.status, 412U);
}

TEST_F(ApiTest, EventsAreAnsweredOnceWhenTheyAreDurable) {
  fixture_.sink.answer = Receipt{2, {{1, "item: missing"}}, {{0, 1042}}};
  const ApiResponse answer = ask("POST", "/v1/events", "the body");
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(fixture_.sink.bodies, Names{"the body"});
  EXPECT_EQ(json::parse(answer.body),
            json::parse(R"({"accepted":2,"rejected":[{"index":1,"error":"item: missing"}],"token":"0-1042"})"));
  executor_->run_later();
  EXPECT_EQ(answers_, 1);
}

TEST_F(ApiTest, EventsThatTheLogDoesNotTakeAreRefusedWithAReason) {
  fixture_.sink.answer = Error{Errc::overloaded, "the event log is behind"};
  const ApiResponse overloaded = ask("POST", "/v1/events", "{}");
  EXPECT_EQ(overloaded.status, 503U);
  EXPECT_EQ(overloaded.headers[0].first, "Retry-After");

  fixture_.sink.answer = Receipt{0, {{0, "item: missing"}}, {}};
  const ApiResponse refused = ask("POST", "/v1/events", "{}");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(json::parse(refused.body).at("rejected").as_array().size(), 1U);

  fixture_.sink.hold = true;
  ApiResponse answer;
  answer.status = 0;
  testing::handle(api_, {"POST", "/v1/events", "{}", false, executor_},
                  [&](ApiResponse response) { answer = std::move(response); });
  executor_->run_later();
  EXPECT_EQ(answer.status, 503U);
  EXPECT_TRUE(fixture_.sink.answer_held(Receipt{1, {}, {}}));  // too late to be answered, and no second answer
  EXPECT_EQ(answer.status, 503U);
}

TEST_F(ApiTest, ItemsAreStoredChangedReadAndForgotten) {
  const auto changed = [&](std::string_view method, std::string_view target, std::string_view body = "") {
    const ApiResponse answer = ask(method, target, body);
    EXPECT_EQ(answer.status, 202U) << answer.body;
    return json::parse(answer.body);
  };
  const json::value put =
      changed("PUT", "/v1/items/mug", R"({"title":"Mug","categories":["k"],"price":9.5,"attributes":{"b":1},"c":"x"})");
  EXPECT_EQ(put.at("accepted").as_int64(), 1);
  EXPECT_EQ(get("/v1/items/mug?after=" + std::string(put.at("token").as_string())).at("attributes"),
            json::parse(R"({"b":1,"c":"x"})"));
  changed("PUT", "/v1/items/mug", R"({"title":"Mug","price":8})");
  changed("PATCH", "/v1/items/mug", R"({"available":false,"title":null,"color":"red"})");
  const json::value item = get("/v1/items/mug");
  EXPECT_EQ(item.at("title").as_string(), "");
  EXPECT_EQ(item.at("price").to_number<double>(), 8.0);
  EXPECT_FALSE(item.at("available").as_bool());
  EXPECT_EQ(item.at("attributes"), json::parse(R"({"color":"red"})"));
  changed("DELETE", "/v1/items/mug");
  get("/v1/items/mug", 404);
  EXPECT_EQ(ask("PATCH", "/v1/items/mug", "{}").status, 404U);
}

TEST_F(ApiTest, OfManyItemsTheValidOnesAreTaken) {
  const ApiResponse answer = ask("POST", "/v1/items", R"([{"item":"x","price":1},{"price":3},{"item":2,"price":2}])");
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(json::parse(answer.body).at("accepted").as_int64(), 2);
  EXPECT_EQ(json::parse(answer.body).at("rejected"), json::parse(R"([{"index":1,"error":"item: missing"}])"));
  EXPECT_EQ(ask("PATCH", "/v1/items", "{\"item\":\"x\",\"price\":5}\n{\"item\":\"none\",\"price\":5}\n").status, 202U);
  const json::value page = get("/v1/items?limit=1");
  EXPECT_EQ(page.at("items").at(0).at("item").as_string(), "2");
  const json::value next = get("/v1/items?limit=2&cursor=" + std::string(page.at("next").as_string()));
  EXPECT_EQ(next.at("items").at(0).at("price").to_number<double>(), 5.0);
  EXPECT_EQ(next.at("items").as_array().size(), 1U);
  EXPECT_FALSE(next.as_object().contains("next"));
}

TEST_F(ApiTest, ListsHaveWhatTheirFilterMatches) {
  ASSERT_EQ(ask("POST", "/v1/items",
                R"([{"item":"a","price":1,"brand":"acme"},{"item":"b","price":2,"brand":"zeta"},)"
                R"({"item":"c","price":3,"brand":"acme"},{"item":"new","price":4,"brand":"acme"}])")
                .status,
            202U);
  EXPECT_EQ(items(get("/v1/popular?filter=brand%3Dacme%20AND%20price%3E1")), (Names{"c", "new"}));
  EXPECT_EQ(items(get("/v1/users/u1/recommendations?filter=brand!%3Dacme")), Names{"b"});
  EXPECT_EQ(items(get("/v1/items/a/similar?filter=price%3Econtext.price%20AND%20brand%3Dcontext.brand")),
            (Names{"c", "new"}));
  for (const char* filter : {R"("brand = zeta")", R"([["brand = zeta", "price > 3"], "price < 4"])"}) {
    EXPECT_EQ(
        items(json::parse(
            ask("POST", "/v1/recommendations", R"({"session":["a"],"filter":)" + std::string(filter) + "}").body)),
        Names{"b"})
        << filter;
  }
  EXPECT_EQ(items(get("/v1/popular?filter=size%3D7")), Names{});
  ASSERT_EQ(ask("PATCH", "/v1/items/b", R"({"brand":"acme"})").status, 202U);
  EXPECT_EQ(items(get("/v1/popular?filter=brand%3Dzeta")), Names{});
}

TEST_F(ApiTest, AnEmptyListNamesAttributesThatNoItemHas) {
  ASSERT_EQ(ask("PUT", "/v1/items/a", R"({"brand":"acme"})").status, 202U);
  EXPECT_EQ(get("/v1/popular?filter=brnad%3Dacme").at("notes"),
            json::value({R"(filter: col 1: unknown attribute "brnad"; did you mean "brand"?)"}));
  for (const char* filter : {"brand%3Dzeta", "brand%3Dacme%20OR%20brnad%3Dacme"}) {
    EXPECT_FALSE(get("/v1/popular?filter=" + std::string(filter)).as_object().contains("notes")) << filter;
  }
}

TEST_F(ApiTest, AFilterMatchesItemsThatAreNotInTheCatalogue) {
  EXPECT_EQ(items(get("/v1/popular?filter=brand!%3Dacme")).size(), 3U);
  EXPECT_EQ(items(get("/v1/popular?filter=item%20IN%20%5Bb,c%5D")).size(), 2U);
  ASSERT_EQ(ask("PUT", "/v1/items/a", R"({"brand":"acme"})").status, 202U);
  EXPECT_EQ(items(get("/v1/popular?filter=brand!%3Dacme")).size(), 2U);
  EXPECT_EQ(items(get("/v1/items/a/similar?filter=brand%20NOT%20EXISTS")).size(), 2U);
}

TEST_F(ApiTest, PatchesOfOneItemAtTheSameTimeAreAllKept) {
  ASSERT_EQ(ask("PUT", "/v1/items/mug", "{}").status, 202U);
  const auto patch_in_turn = [&](const std::string& field) {
    const auto executor = std::make_shared<ManualExecutor>();
    for (int i = 0; i < 30; ++i) {
      const std::string value = std::to_string(i), body = R"({")" + field + R"(":")" + value + R"("})";
      testing::handle(api_, {"PATCH", "/v1/items/mug", body, false, executor},
                      [](const ApiResponse& answer) { EXPECT_EQ(answer.status, 202U) << answer.body; });
      executor->run_later();
      const auto item = fixture_.catalogue.find("mug");
      EXPECT_EQ(field == "title" ? (*item)->title : (*item)->text, value);
    }
  };
  std::thread title([&] { patch_in_turn("title"); });
  patch_in_turn("text");
  title.join();
}

TEST_F(ApiTest, AnErasureIsAnsweredWhenTheDiskHasIt) {
  executor_->disk = ManualExecutor::Disk::hangs;
  ApiResponse answer;
  const auto change = [&](std::string_view method, std::string target, std::string body = "") {
    answer.status = 0;
    testing::handle(api_, {method, target, body, false, executor_},
                    [&](ApiResponse response) { answer = std::move(response); });
    target.assign(target.size(), '?');
    body.assign(body.size(), '?');
    EXPECT_EQ(answer.status, 0U) << method;
    executor_->run_blocked();
    return answer.status;
  };
  EXPECT_EQ(change("DELETE", "/v1/users/u3"), 202U);
  get("/v1/users/u3", 404);
}

TEST_F(ApiTest, AnErasureThatIsInTheLogIsCarriedOutHoweverLongTheDiskTakes) {
  ApiResponse answer;
  executor_->disk = ManualExecutor::Disk::hangs;
  testing::handle(api_, {"DELETE", "/v1/users/u3", "", false, executor_},
                  [&](ApiResponse response) { answer = std::move(response); });
  executor_->run_later();
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(fixture_.sink.erased.size(), 1U);
  get("/v1/users/u3");
  executor_->run_blocked();
  EXPECT_EQ(answer.status, 503U);
  get("/v1/users/u3", 404);

  executor_->disk = ManualExecutor::Disk::full_queue;
  const ApiResponse refused = ask("DELETE", "/v1/users/u4");
  EXPECT_EQ(refused.status, 503U);
  EXPECT_EQ(refused.headers[0].first, "Retry-After");
}

TEST_F(ApiTest, AHistoryIsExportedAndErasedAndTheLogIsTold) {
  const json::value history = get("/v1/users/u3?limit=2");
  EXPECT_EQ(history.at("count").to_number<int>(), 3);
  EXPECT_EQ(history.at("events").as_array().size(), 2U);
  EXPECT_EQ(history.at("events").at(0).at("item").as_string(), "c");
  EXPECT_EQ(ask("DELETE", "/v1/users/u3").status, 202U);
  EXPECT_EQ(fixture_.sink.erased, (std::vector<Owner>{{Owner::Kind::user, "u3"}}));
  get("/v1/users/u3", 404);
  get("/v1/users/u4");
}

TEST_F(ApiTest, ClientsNameIdsAndHistoriesKnowPseudonyms) {
  fixture_.pseudonyms = Pseudonyms("a key of the operator");
  const Api api(options_, fixture_.services());
  const auto call = [&](std::string_view method, std::string_view target, std::string_view body = "") {
    ApiResponse answer;
    testing::handle(api, {method, target, body, false, executor_},
                    [&](ApiResponse response) { answer = std::move(response); });
    return answer;
  };
  PositionedEvent entry = testing::user_event(100, "somebody", "a", 1'700'000'200'000);
  entry.event.session = "sitting";
  fixture_.pseudonyms.replace_in(entry.event);
  fixture_.learn(entry);
  fixture_.transient.add(entry.event);

  EXPECT_EQ(json::parse(call("GET", "/v1/users/somebody").body).at("user").as_string(), "somebody");
  EXPECT_EQ(call("GET", "/v1/users/" + entry.event.user).status, 404U) << "a pseudonym is not an id";
  EXPECT_EQ(call("GET", "/v1/sessions/sitting/export").status, 200U);
  const auto source = [&](const ApiResponse& answer) {
    return std::string(json::parse(answer.body).at("source").as_string());
  };
  EXPECT_EQ(source(call("GET", "/v1/users/somebody/recommendations")), "blend");
  EXPECT_EQ(source(call("GET", "/v1/sessions/sitting/recommendations")), "blend");
  EXPECT_EQ(source(call("GET", "/v1/users/stranger/recommendations")), "popularity");
  EXPECT_EQ(source(call("POST", "/v1/rank", R"({"user":"somebody","items":["a","b"]})")), "blend");
  EXPECT_EQ(json::parse(call("DELETE", "/v1/users/somebody").body).at("erased").as_string(), "somebody");
  EXPECT_EQ(fixture_.sink.erased, (std::vector<Owner>{{Owner::Kind::user, "somebody"}}));
  EXPECT_EQ(call("GET", "/v1/users/somebody/export").status, 404U);
}

TEST_F(ApiTest, ReadinessNamesThePartAndTheReason) {
  fixture_.status.components = {{"event_log", ""}, {"learner", "catching up"}};
  const json::value ready = get("/readyz", 503);
  EXPECT_FALSE(ready.at("ready").as_bool());
  EXPECT_EQ(ready.at("components").at("learner").at("reason").as_string(), "catching up");
  EXPECT_TRUE(ready.at("components").at("event_log").at("ready").as_bool());
}

TEST_F(ApiTest, AWarningIsShownAndIsNoReasonNotToBeReady) {
  fixture_.status.components = {{"history_writer", "", "the dead-letter topic is missing"}};
  const json::value ready = get("/readyz");
  EXPECT_TRUE(ready.at("ready").as_bool());
  EXPECT_EQ(ready.at("components").at("history_writer").at("warning").as_string(), "the dead-letter topic is missing");
}

TEST_F(ApiTest, StatusShowsTheQualityOfThePartsAndWhatTheBlenderMakesOfThem) {
  fixture_.status.learner.quality = {{"lstm", {.events = 9, .recent_mrr = 0.25}}, {"blend", {.recent_mrr = 0.375}}};
  fixture_.status.learner.blend_advantage = 0.125;
  fixture_.status.learner.blender_influence = {{"lstm", 1.0}};
  const json::value learner = get("/v1/status").at("learner");
  EXPECT_EQ(learner.at("quality").at("lstm").at("scored_events").to_number<double>(), 9);
  EXPECT_EQ(learner.at("quality").at("blend").at("recent_mrr").to_number<double>(), 0.375);
  EXPECT_EQ(learner.at("blend_advantage").to_number<double>(), 0.125);
  EXPECT_EQ(learner.at("blender_influence").at("lstm").to_number<double>(), 1);
}

TEST_F(ApiTest, StatusSaysWhichEventsAreScored) {
  const json::value options = get("/v1/status").at("learner").at("options");
  EXPECT_EQ(options.at("session_gap_seconds").to_number<int>(), 1800);
  EXPECT_EQ(options.at("type_weights").at("impression").to_number<double>(), 0);
  EXPECT_EQ(options.at("type_aliases").at("transaction").as_string(), "purchase");
  EXPECT_EQ(options.at("parts").as_array().size(), fixture_.online.parts.size());
}

TEST_F(ApiTest, OverloadRefusesListsButNotOperations) {
  EXPECT_EQ(ask("GET", "/v1/popular", "", true).status, 503U);
  EXPECT_EQ(ask("GET", "/healthz", "", true).status, 200U);
  EXPECT_EQ(ask("POST", "/v1/events", "{}", true).status, 202U);
}

TEST_F(ApiTest, StatusAndMetricsShowWhatWasDone) {
  ask("GET", "/v1/popular");
  const std::string metrics = ask("GET", "/metrics").body;
  EXPECT_NE(metrics.find(R"(freshet_serve_requests_total{route="GET /v1/popular",status="200"} 1)"), std::string::npos);
  const json::value status = get("/v1/status");
  EXPECT_EQ(status.at("pipeline").at("filters").as_array().size(), 7U);
  EXPECT_EQ(status.at("pipeline").at("sources").at(0).as_string(), "popularity");
  EXPECT_EQ(status.at("pipeline").as_object().size(), 2U);
}

TEST_F(ApiTest, StatusShowsHowWellClicksArePredicted) {
  EXPECT_TRUE(get("/v1/status").at("learner").at("calibration").as_object().empty());
  fixture_.status.learner.calibration = {{"neural_cf", {500, 0.4, 0.8, 0.01}}};
  const json::value status = get("/v1/status");
  const json::object& calibration = status.at("learner").at("calibration").at("neural_cf").as_object();
  EXPECT_EQ(calibration.at("examples").to_number<int>(), 500);
  EXPECT_EQ(calibration.at("log_loss").as_double(), 0.4);
  EXPECT_EQ(calibration.at("auc").as_double(), 0.8);
  EXPECT_EQ(calibration.at("expected_calibration_error").as_double(), 0.01);
}

TEST_F(ApiTest, StatusTellsTheMemoryOfTheLargestAttributes) {
  EXPECT_EQ(get("/v1/status").at("memory").at("catalogue").at("bytes"), 0) << "not looked at yet";
  CatalogueMemory memory{10'000, {}};
  for (std::uint64_t n = 60; n > 0; --n) memory.attributes.push_back({"a" + std::to_string(n), "text", n, 100 * n});
  fixture_.status.catalogue = std::make_shared<const CatalogueMemory>(memory);
  const json::value catalogue = get("/v1/status").at("memory").at("catalogue");
  EXPECT_EQ(catalogue.at("bytes"), 10'000);
  ASSERT_EQ(catalogue.at("attributes").as_array().size(), 50U);
  EXPECT_EQ(catalogue.at("attributes").at(0), json::parse(R"({"name":"a60","type":"text","values":60,"bytes":6000})"));
  EXPECT_EQ(catalogue.at("other_attributes"), json::parse(R"({"attributes":10,"values":55,"bytes":5500})"));
}

TEST_F(ApiTest, AnyRequestIsAnsweredOnceAndNeverByAServerError) {
  Random random(testing::test_seed(1));
  const std::vector<std::string> targets{"/v1/users/u1/recommendations?k=3",
                                         "/v1/users/u1/recommendations?exclude_types=cart:1d,like&content=0.5",
                                         "/v1/items/a/similar?value=purchase:10,cart:3",
                                         "/v1/popular?exclude=a,b",
                                         "/v1/items/a",
                                         "/v1/rank",
                                         "/v1/recommendations",
                                         "/v1/users/u1",
                                         "/v1/users/u1/similar?k=2",
                                         "/v1/items",
                                         "/v1/events"};
  const std::vector<std::string> bodies{"", R"({"session":["a",1,{"item":"b"}],"k":3})",
                                        R"({"items":["a"],"user":"u1"})", R"([{"item":"a","price":1}])",
                                        R"({"title":"x","ts":0})"};
  const std::vector<std::string> methods{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
  for (int i = 0; i < 3000; ++i) {
    std::string target = targets[random.below(targets.size())], body = bodies[random.below(bodies.size())];
    for (std::uint64_t n = random.below(4); n > 0; --n)
      target[random.below(target.size())] = static_cast<char>(random.next());
    for (std::uint64_t n = random.below(4); n > 0 && !body.empty(); --n)
      body[random.below(body.size())] = static_cast<char>(random.next());
    const ApiResponse answer = ask(methods[random.below(methods.size())], target, body);
    ASSERT_EQ(answers_, 1) << target;
    ASSERT_LT(answer.status, 500U) << target << "\n" << body << "\n" << answer.body;
    executor_->later.clear();
  }
}

}  // namespace
}  // namespace freshet::serve

// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/json_parser.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>
#include <string>

namespace freshet::serve {
namespace {

namespace json = boost::json;

std::string error_of(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? "none" : parsed.error().message;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonParser, AValueIsTheOneThatBoostParses) {
  for (const std::string& text :
       {std::string("{}"), std::string(" [1, -2.5e3, 18446744073709551615, true, false, null] "),
        std::string(R"({"a\u00e9\n":{"":[{"x":1},{"x":2}]},"b":"\ud83d\ude00"})"), std::string("\"text\""),
        "[\"" + std::string(100'000, 'x') + "\",{\"" + std::string(100'000, 'y') + "\":0}]", nested(32)}) {
    const auto parsed = parse_json(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, json::parse(text));
  }
  EXPECT_EQ(*parse_json("\xEF\xBB\xBF[1]"), json::parse("[1]")) << "a byte order mark";
}

TEST(JsonParser, WhatIsNotJsonIsNamedWithItsPlace) {
  EXPECT_EQ(error_of(""), "not JSON: incomplete JSON at byte 0");
  EXPECT_EQ(error_of("{\"a\":[1,"), "not JSON: incomplete JSON at byte 8");
  EXPECT_EQ(error_of("[1,}"), "not JSON: syntax error at byte 3");
  EXPECT_EQ(error_of("\xEF\xBB\xBF[1] x"), "not JSON: more after the document at byte 7");
  for (const std::string& text : {std::string("[1] [2]"), std::string("\"\xff\""), std::string("NaN"), nested(33),
                                  std::string(1'000'000, '['), std::string("{\"a\"}")}) {
    EXPECT_TRUE(error_of(text).starts_with("not JSON: ")) << error_of(text);
  }
}

TEST(JsonParser, AMemberGivenTwiceIsNamed) {
  EXPECT_EQ(error_of(R"({"a":1,"b":{"a":2},"a":3})"), "a: given twice");
  EXPECT_EQ(error_of(R"([{"x":"\"}"},{"y":[{"z":0,"\u007a":1}]}])"), "z: given twice");
  EXPECT_EQ(error_of(R"({"":{},"":[]})"), ": given twice");
  EXPECT_EQ(error_of("{\"" + std::string(600, 'n') + "\":1,\"" + std::string(600, 'n') + "\":2}"),
            "a member with a long name: given twice");
  EXPECT_EQ(error_of(R"([{"a":1},{"a":1},{"b":{"a":"a","b":"a:"}}])"), "none");
}

TEST(JsonParser, OneMemberMoreThanThereAreNamesIsFoundAnywhere) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const std::size_t objects = 1 + random() % 5, twice = random() % (objects + 1);
    for (std::size_t i = 0; i < objects; ++i) {
      text += R"({"n)" + std::to_string(i) + "\":1,";
      if (i == twice) text += R"("d":[],"d":1,)";
      text += "\"in\":";
    }
    text += "0" + std::string(objects, '}');
    EXPECT_EQ(error_of(text), twice < objects ? "d: given twice" : "none") << text;
  }
}

}  // namespace
}  // namespace freshet::serve

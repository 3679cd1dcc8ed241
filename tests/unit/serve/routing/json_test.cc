#include "serve/routing/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "serve/routing/json_parser.h"

namespace freshet::serve {
namespace {

TEST(Json, IsWrittenAsItWasRead) {
  for (const char* text :
       {R"({})", R"([])", R"([[],{},[{"a":[]}]])", R"({"a":1,"b":[true,false,null],"c":{"d":"e"}})",
        R"([9.5,0.1,-3.25,1e+300,5e-324,18446744073709551615,-9223372036854775808])", R"(["\"\\\u0001\n","\u00e9"])"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(json::parse(to_text(*value)), *value) << text;
  }
  EXPECT_EQ(to_text(*parse_json(R"( { "a" : [ 1.50, -2, "x\ny" ] , "b" : null } )")),
            R"({"a":[1.5,-2,"x\ny"],"b":null})");
}

TEST(Json, TextsAreWrittenAsBoostWritesThem) {
  std::mt19937 random{1};
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 20, ' ');
    for (char& c : text) c = static_cast<char>(round % 2 == 0 ? random() % 256 : ' ' + random() % 96);
    EXPECT_EQ(to_text(json::value(text)), json::serialize(json::value(text)));
  }
}

TEST(Json, WritingInPiecesIsWritingTheWhole) {
  std::string text = "before ";
  JsonWriter out(text);
  out.open('{')
      .name("a{")
      .text("[")
      .name("b")
      .open('[')
      .text("{")
      .text(":")
      .number(std::int64_t{-1})
      .open('[')
      .close(']');
  out.open('{').close('}').open('{').name("").number(std::uint64_t{2}).close('}').raw("null").close(']');
  out.name("c").number(0.1F).close('}');
  EXPECT_EQ(text, R"(before {"a{":"[","b":["{",":",-1,[],{},{"":2},null],"c":0.10000000149011612})");
}

TEST(Json, NegativeZeroStaysNegative) { EXPECT_EQ(to_text(json::array{-0.0, 0.0}), "[-0.0,0]"); }

TEST(Json, AnItemReadsBackTheSameWhetherOrNotItHasAttributes) {
  for (const char* text :
       {R"({"item":"x"})", R"({"item":"x","attributes":{}})", R"({"item":"x","attributes":{"a":1}})"}) {
    const auto item = item_from_json(*parse_json(text), "");
    ASSERT_TRUE(item) << text;
    const auto again = item_from_json(to_json(*item), "x");
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, *item) << text;
  }
}

TEST(Json, WhatIsNoNumberIsNull) {
  EXPECT_EQ(to_text(json::array{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}),
            "[null,null]");
}

}  // namespace
}  // namespace freshet::serve

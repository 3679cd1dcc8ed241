// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "ingest/codec/event_splitter.h"

namespace freshet::ingest {
namespace {

using Texts = std::vector<std::string_view>;

Texts split(std::string_view body) {
  auto texts = split_events(body);
  EXPECT_TRUE(texts) << texts.error().message;
  return texts ? *texts : Texts{};
}

std::string error_of(std::string_view body) {
  const auto texts = split_events(body);
  return texts ? "accepted" : texts.error().message;
}

TEST(SplitEvents, OneObjectIsOneEvent) {
  EXPECT_EQ(split(R"({"a":1})"), (Texts{R"({"a":1})"}));
  EXPECT_EQ(split(" \r\n{\"a\":\n 1}\n "), (Texts{"{\"a\":\n 1}"}));
  EXPECT_EQ(split("\xEF\xBB\xBF{}"), (Texts{"{}"}));
}

TEST(SplitEvents, AnArrayHoldsOneEventEach) {
  EXPECT_EQ(split(R"([{"a":"],["},{"b":[1,{}]} , {}])"), (Texts{R"({"a":"],["})", R"({"b":[1,{}]})", "{}"}));
  EXPECT_EQ(split("[ ]"), Texts{});
  EXPECT_EQ(split("[7, \"x\", null]"), (Texts{"7", "\"x\"", "null"}))
      << "the decoder says what is wrong, with the index";
}

TEST(SplitEvents, ABrokenElementIsItsOwnProblem) {
  EXPECT_EQ(split(R"([{"a":1},{broken},{"b":2}])"), (Texts{R"({"a":1})", "{broken}", R"({"b":2})"}));
  EXPECT_EQ(split("{\"a\":1}\n{\"broken\":\n{\"b\":2}\nnull\n"),
            (Texts{R"({"a":1})", R"({"broken":)", R"({"b":2})", "null"}));
}

TEST(SplitEvents, EveryLineOfNdjsonIsAnEvent) {
  EXPECT_EQ(split("{\"a\":1}\r\n\r\n{\"b\":2}\n{}"), (Texts{R"({"a":1})", R"({"b":2})", "{}"}));
}

TEST(SplitEvents, EveryLineOfLinesIsAnEventHoweverTheyBegin) {
  const auto texts = split_events("{\"a\":\n[1]\r\n\n \n{\"b\":2}", 3, BodyForm::lines);
  ASSERT_TRUE(texts);
  EXPECT_EQ(*texts, (Texts{"{\"a\":", "[1]", R"({"b":2})"}));
  EXPECT_EQ(*split_events("\n", 3, BodyForm::lines), Texts{});
  EXPECT_FALSE(split_events("1\n2\n3\n4", 3, BodyForm::lines));
}

TEST(SplitEvents, ObjectsMayFollowEachOtherInAnyLayout) {
  EXPECT_EQ(split(R"({"a":1} {"b":2})"), (Texts{R"({"a":1})", R"({"b":2})"}));
  EXPECT_EQ(split("{\n\"a\":1\n}\n{\n\"b\":2\n}\n"), (Texts{"{\n\"a\":1\n}", "{\n\"b\":2\n}"}));
}

TEST(SplitEvents, StopsAtTheMostThatAreAllowed) {
  for (const char* body : {"[1,2,3]", "{}\n{}\n{}", "{\n}{}{}"}) {
    EXPECT_EQ(split_events(body, 3)->size(), 3U) << body;
    const auto refused = split_events(body, 2);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().message, "more than 2 in one request") << body;
  }
}

TEST(SplitEvents, SaysAtWhichByteABodyCannotBeCut) {
  EXPECT_EQ(error_of(""), "the body is empty");
  EXPECT_EQ(error_of(" \n "), "the body is empty");
  EXPECT_EQ(error_of("nonsense"), "not JSON: expected an event object, an array of them, or NDJSON at byte 0");
  EXPECT_EQ(error_of("{\"a\":1"), "not JSON: an object does not end at byte 6");
  EXPECT_EQ(error_of("{\"a\":\"1}"), "not JSON: an object does not end at byte 8");
  EXPECT_EQ(error_of("[{},"), "not JSON: the array does not end at byte 4");
  EXPECT_EQ(error_of("["), "not JSON: the array does not end at byte 1");
  EXPECT_EQ(error_of("[{},]"), "not JSON: a value is missing at byte 4");
  EXPECT_EQ(error_of("[{} {}]"), "not JSON: expected ',' or ']' at byte 4");
  EXPECT_EQ(error_of("[{}] x"), "not JSON: more after the array at byte 5");
  EXPECT_EQ(error_of("{}]"), "not JSON: expected an object at byte 2");
}

}  // namespace
}  // namespace freshet::ingest

// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

std::string json(std::string_view text) {
  std::string out = "[";
  append_json_text(out, text);
  return out;
}

TEST(JsonText, IsAppendedWithItsQuotes) {
  EXPECT_EQ(json(""), "[\"\"");
  EXPECT_EQ(json("a plain text/with \xC3\xBC\x7F"), "[\"a plain text/with \xC3\xBC\x7F\"");
}

TEST(JsonText, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(json(R"("a"\b)"), R"(["\"a\"\\b")");
  EXPECT_EQ(json("\b\f\n\r\t"), R"(["\b\f\n\r\t")");
  EXPECT_EQ(json(std::string("\0\x01\x1f", 3)), R"(["\u0000\u0001\u001f")");
  EXPECT_EQ(json("\n\nend"), R"(["\n\nend")");
}

std::string without_quotes(std::string_view name) { return std::string(name.substr(1, name.size() - 2)); }

TEST(JsonText, AMemberThatAnObjectHasTwiceIsFound) {
  const auto repeated = [](std::string_view json) { return repeated_member(json, without_quotes).value_or("none"); };
  EXPECT_EQ(repeated(R"({"a":1,"b":[{"a":2},{"a":3}],"c":{"a":"b"}})"), "none");
  EXPECT_EQ(repeated(R"({"a":1,"b":[{"c":2,"c" :3}]})"), "c");
  EXPECT_EQ(repeated(R"({"a":{"b":1},"x":["a","a:"],"a":2})"), "a");
  EXPECT_EQ(repeated(R"({"a\"":1,"a\\":"{\"a\":1","a":2})"), "none");
  EXPECT_EQ(repeated(R"(["a","a"])"), "none");
}

}  // namespace
}  // namespace freshet

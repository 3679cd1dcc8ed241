// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace freshet {
namespace {

TEST(Printable, WhatSteersATerminalIsEscaped) {
  EXPECT_EQ(printable("\x1b[2J\x07\r\n\t\x7f"), "\\u001b[2J\\u0007\\u000d\\u000a\\u0009\\u007f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m");
  EXPECT_EQ(printable("a\xe2\x80\xa8 b\xe2\x80\xae c\xe2\x81\xa9"), "a\\u2028 b\\u202e c\\u2069");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
  EXPECT_EQ(printable("\x9b"
                      "31m \xe2\x80 \xff"),
            "\\u009b31m \\u00e2\\u0080 \\u00ff")
      << "bytes that are not UTF-8";
}

TEST(Printable, OtherTextStaysAsItIs) {
  for (const char* text : {"", "a b=\"c\\\"", "Grüße, 東京 \xf0\x9f\x98\x80", "\xe2\x80\x93\xe2\x82\xac\xe2\x81\xb0"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_TRUE(is_printable(text));
  }
  for (const char* text : {"a\x1b", "\xc2\x80", "\xe2\x80\xae", "\xff", "a\nb"}) EXPECT_FALSE(is_printable(text));
}

TEST(Printable, AMessageKeepsItsLines) { EXPECT_EQ(printable_lines("a\x1b\n\nb\r\n"), "a\\u001b\n\nb\\u000d\n"); }

TEST(Utf8, IsJudgedToTheLetter) {
  for (const char* valid :
       {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(valid)) << valid;
  }
  for (const char* invalid : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                              "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc2", "\xe2\x80", "\xe2\x80x", "a\xff"}) {
    EXPECT_FALSE(is_utf8(invalid)) << invalid;
  }
}

}  // namespace
}  // namespace freshet

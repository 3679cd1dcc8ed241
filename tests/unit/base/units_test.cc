// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using std::chrono::milliseconds;

TEST(Units, ReadWhatTheyFormat) {
  for (const std::int64_t ms : {1LL, 250LL, 1000LL, 90'000LL, 3'600'000LL, 604'800'000LL, 86'400'001LL}) {
    EXPECT_EQ(parse_duration(format_duration(milliseconds(ms))), milliseconds(ms)) << ms;
  }
  for (const std::uint64_t bytes : {1ULL, 1023ULL, 65536ULL, 1ULL << 40})
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  EXPECT_EQ(format_duration(milliseconds(90'000)), "90s");
  EXPECT_EQ(format_size(std::uint64_t{256} << 20), "256MiB");
  EXPECT_EQ(parse_duration(format_duration(milliseconds(0))), milliseconds(0));
}

TEST(Units, ABareNumberMaySayHowManySeconds) {
  EXPECT_EQ(parse_seconds("0"), milliseconds(0));
  EXPECT_EQ(parse_seconds("1800"), milliseconds(1'800'000));
  EXPECT_EQ(parse_seconds("30m"), milliseconds(1'800'000));
  for (const char* text : {"", "-1", "1.5", "m", "99999999999999999999"}) EXPECT_FALSE(parse_seconds(text)) << text;
}

TEST(Units, RefuseEverythingElse) {
  for (const char* text : {"", "s", "10", "-1s", "1.5s", "1 s", "1sec", "99999999999999999999s", "9999999999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  for (const char* text : {"", "MiB", "1MB", "-1", "1.5MiB", "99999999999999GiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace freshet

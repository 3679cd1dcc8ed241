// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(TimeNumbers, AreSecondsOrMilliseconds) {
  EXPECT_EQ(parse_time_number(1'700'000'000.5), timestamp_from_ms(1'700'000'000'500));
  EXPECT_EQ(parse_time_number(1'700'000'000'500), timestamp_from_ms(1'700'000'000'500));
  EXPECT_EQ(parse_time_number(static_cast<double>(kFirstTimeInMs)), timestamp_from_ms(kFirstTimeInMs));
  EXPECT_EQ(parse_time_number(0), Timestamp{});
  EXPECT_EQ(parse_time_number(-1), std::nullopt);
  EXPECT_EQ(parse_time_number(static_cast<double>(kMaxTimeMs) + 1), std::nullopt);
}

TEST(Rfc3339, ReadsWhatProducersWrite) {
  const std::int64_t ms = 1'795'297'760'123;  // 2026-11-21T21:49:20.123Z
  for (const char* text : {"2026-11-21T21:49:20.123Z", "2026-11-21t21:49:20.123z", "2026-11-21 21:49:20.123999Z",
                           "2026-11-21T23:49:20.123+02:00", "2026-11-21T16:19:20.123-05:30"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_ms(*time), ms) << text;
  }
  EXPECT_EQ(to_ms(*parse_rfc3339("2026-11-21T21:49:20Z")), ms - 123);
  EXPECT_EQ(to_ms(*parse_rfc3339("2026-11-21T21:49:20.1Z")), ms - 23);
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026", "2026-11-21", "2026-11-21T21:49:20", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T21:60:00Z", "2026-11-21T21:49:61Z", "2026-11-21T21:49:20.Z",
        "2026-11-21T21:49:20+0200", "2026-11-21T21:49:20Zx", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "+026-11-21T21:49:20Z", "2026-11-21T21:49:20+25:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, FormattingReadsBack) {
  for (std::int64_t ms = 0; ms < 250'000'000'000'000; ms = ms * 3 + 86'399'999) {
    const std::string text = format_rfc3339(timestamp_from_ms(ms));
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_ms(*time), ms) << text;
  }
  EXPECT_EQ(format_rfc3339(timestamp_from_ms(0)), "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace freshet

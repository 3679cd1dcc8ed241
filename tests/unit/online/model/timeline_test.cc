// SPDX-License-Identifier: Apache-2.0
#include "online/model/timeline.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

using namespace std::chrono_literals;
using freshet::testing::at_seconds;

const Timestamp kStart = at_seconds(0);

TEST(Timeline, IsEventTimeWhileThatMovesByLessThanADay) {
  Timeline timeline;
  for (const auto hour : {0h, 1h, 24h, 20h, 47h, 3h, -1000h, 50h}) {
    EXPECT_EQ(timeline.place(kStart + hour), kStart + hour) << hour.count();
    EXPECT_EQ(timeline.of(kStart + hour), kStart + hour) << hour.count();
  }
}

TEST(Timeline, AnEventFromAClockThatIsAheadMovesItByADayAtMost) {
  Timeline timeline;
  timeline.place(kStart);
  const Timestamp ahead = timeline.place(kStart + 366 * 24h + 5h);
  EXPECT_EQ(ahead, kStart + 5h) << "the hour of the day stays";
  EXPECT_EQ(timeline.place(kStart + 366 * 24h + 6h), ahead + 1h) << "in parallel";
  EXPECT_EQ(timeline.place(kStart + 1h), kStart + 1h) << "the clock was set right";
  EXPECT_EQ(timeline.of(kStart + 366 * 24h + 6h), ahead + 1h);
  EXPECT_EQ(timeline.place(kStart + 2h), kStart + 2h);
}

TEST(Timeline, RightAndWrongTimesInTurnDoNotPushItOn) {
  Timeline timeline;
  Timestamp newest = kStart;
  for (int i = 0; i < 1000; ++i) {
    const auto passed = std::chrono::minutes(i);
    EXPECT_EQ(timeline.place(kStart + passed), kStart + passed);
    newest = std::max(newest, timeline.place(kStart + 5 * 365 * 24h + passed));
  }
  EXPECT_LE(newest, kStart + 24h + 1000min);
}

TEST(Timeline, AGapCountsAsADay) {
  Timeline timeline;
  timeline.place(kStart);
  EXPECT_EQ(timeline.place(kStart + 7 * 24h), kStart + 24h);
  EXPECT_EQ(timeline.place(kStart + 7 * 24h + 90s), kStart + 24h + 90s);
  EXPECT_EQ(timeline.place(kStart + 6 * 24h), kStart) << "a late event, from within the gap";
  EXPECT_EQ(timeline.place(kStart + 20 * 24h), kStart + 48h) << "rounded to whole days";
}

TEST(Timeline, NoPlaceIsMoreThanADayAheadOfTheOnesBeforeNorBefore1970) {
  Random rng(7);
  for (int round = 0; round < 200; ++round) {
    Timeline timeline;
    Timestamp newest{};
    for (int i = 0; i < 50; ++i) {
      const auto bits = rng.below(42);
      const Timestamp event = timestamp_from_ms(static_cast<std::int64_t>(rng.below(std::uint64_t{1} << bits)));
      const Timestamp place = timeline.place(event);
      ASSERT_GE(place, Timestamp{});
      if (newest != Timestamp{}) {
        ASSERT_LE(place, newest + 24h);
      }
      ASSERT_EQ(timeline.of(event), place);
      newest = std::max(newest, place);
    }
    std::string bytes;
    ByteWriter out(bytes);
    timeline.save(out);
    Timeline loaded;
    ByteReader in(bytes);
    loaded.load(in);
    ASSERT_TRUE(in.ok() && in.at_end());
    ASSERT_EQ(loaded, timeline);
  }
}

}  // namespace
}  // namespace freshet::online

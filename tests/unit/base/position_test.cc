// SPDX-License-Identifier: Apache-2.0
#include "base/position.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(PositionToken, ReadsBack) {
  for (const Positions& positions : {Positions{{0, 0}}, Positions{{0, 1042}}, Positions{{3, 7}, {5, INT64_MAX}}}) {
    const auto parsed = parse_token(to_token(positions));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, positions);
  }
  EXPECT_EQ(to_token({{3, 7}, {5, 1042}}), "3-7_5-1042");
  EXPECT_EQ(to_token({{3, 7}, {kStatePartition, 12}}), "3-7_s-12");
  EXPECT_EQ(*parse_token("s-12_3-7"), (Positions{{3, 7}, {kStatePartition, 12}}));
}

TEST(PositionToken, RefusesEverythingElse) {
  for (const char* token : {"", "-", "0", "0-", "-1-5", "0--5", "00-5", "0-05", "0-5_", "0-5 ", "+0-5", "99999999999-1",
                            "0-99999999999999999999", "0-5_1", "a-b"}) {
    EXPECT_FALSE(parse_token(token)) << token;
  }
}

TEST(Positions, CoverAndDistanceTreatAbsentPartitionsAsUnread) {
  const Positions at{{0, 10}, {1, 5}};
  EXPECT_TRUE(covers(at, {{0, 10}}));
  EXPECT_TRUE(covers(at, {{7, 0}}));
  EXPECT_FALSE(covers(at, {{0, 11}}));
  EXPECT_FALSE(covers(at, {{7, 1}}));
  EXPECT_EQ(distance(at, {{0, 12}, {1, 5}, {2, 3}}), 5);
  EXPECT_EQ(distance(at, {{0, 3}}), 0);
}

TEST(Positions, MoveToGoesWhereItIsTold) {
  Positions at{{0, 7}, {1, 5}};
  move_to(at, {{0, 3}, {2, 1}});
  EXPECT_EQ(at, (Positions{{0, 3}, {1, 5}, {2, 1}}));
}

TEST(Positions, AdvanceNeverGoesBack) {
  Positions at{{0, 10}};
  advance(at, {{0, 3}, {1, 1}});
  EXPECT_EQ(at, (Positions{{0, 10}, {1, 1}}));
}

}  // namespace
}  // namespace freshet

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/vote_table.h"

#include <gtest/gtest.h>

namespace freshet::online {
namespace {

TEST(VoteTable, AddsUpTheFirstVoteOfEveryVoter) {
  VoteTable table;
  table.start(5);
  table.add(7, 0, VoteTable::Sums{1, 2, 3, 4});
  table.add(8, 0, VoteTable::Sums{1, 1, 1, 1});
  table.add(7, 0, VoteTable::Sums{50, 50, 50, 50});  // again
  table.add(7, 1, VoteTable::Sums{10, 20, 30, 40});
  ASSERT_EQ(table.votes().size(), 2U);
  const VoteTable::Vote& vote = *table.find(7);
  EXPECT_EQ(vote.item, 7U);
  EXPECT_EQ(vote.voters, 2U);
  EXPECT_EQ(vote.sums[0], 11);
  EXPECT_EQ(vote.sums[3], 44);
  EXPECT_EQ(table.find(8)->voters, 1U);
  EXPECT_EQ(table.find(9), nullptr);
}

TEST(VoteTable, AnItemThatIsDroppedHasNoVoters) {
  VoteTable table;
  table.start(2);
  table.add(7, 0, VoteTable::Sums{1, 1, 1, 1});
  table.drop(7);
  table.drop(8);
  EXPECT_EQ(table.find(7)->voters, 0U);
  EXPECT_EQ(table.find(7)->sums[0], 0);
  EXPECT_EQ(table.find(8), nullptr);
}

TEST(VoteTable, ForgetsEverythingAtTheStart) {
  VoteTable table;
  for (int round = 0; round < 3; ++round) {
    table.start(1);
    EXPECT_TRUE(table.votes().empty());
    EXPECT_EQ(table.find(7), nullptr);
    table.add(7, 0, VoteTable::Sums{1, 1, 1, 1});
    EXPECT_EQ(table.find(7)->sums[1], 1);
  }
}

}  // namespace
}  // namespace freshet::online

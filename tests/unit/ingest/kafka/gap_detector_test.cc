// SPDX-License-Identifier: Apache-2.0
#include "ingest/kafka/gap_detector.h"

#include <gtest/gtest.h>

namespace freshet::ingest {
namespace {

using Found = GapDetector::Found;

class GapDetectorTest : public ::testing::Test {
 protected:
  std::uint64_t lost() const { return gaps_.lost(); }

  Metrics metrics_;
  GapDetector gaps_{metrics_, "learner"};
};

TEST_F(GapDetectorTest, ConsecutiveRecordsAreNoGap) {
  gaps_.expect({{0, 5}});
  for (std::int64_t offset = 5; offset < 10; ++offset) gaps_.arrived(0, offset, 1);
  gaps_.settle({{0, 100}}, 9);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, AJumpOverWhatTheLogDeletedIsALoss) {
  gaps_.expect({{0, 5}});
  gaps_.arrived(0, 20, 1);
  gaps_.settle({{0, 5}}, 2);
  EXPECT_EQ(lost(), 0) << "this look may have begun before the broker deleted anything";
  gaps_.settle({{0, 20}}, 3);
  EXPECT_EQ(lost(), 15);
  gaps_.settle({{0, 20}}, 4);
  EXPECT_EQ(lost(), 15) << "counted once";
}

TEST_F(GapDetectorTest, AHoleInALogThatIsAllThereIsHarmless) {
  gaps_.expect({{0, 5}});
  gaps_.arrived(0, 7, 1);
  gaps_.settle({{0, 0}}, 3);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, TheEndOfAPartitionPassesOffsetsWithoutARecord) {
  gaps_.expect({{3, 5}});
  EXPECT_EQ(gaps_.reached(3, 5, 1), Found::expected);
  EXPECT_EQ(gaps_.reached(3, 9, 1), Found::jump);
  EXPECT_EQ(gaps_.reached(3, 9, 1), Found::expected) << "told once";
  EXPECT_EQ(gaps_.arrived(3, 9, 1), Found::expected);
  EXPECT_EQ(gaps_.reached(3, 10, 1), Found::expected);
  gaps_.settle({{3, 0}}, 3);
  EXPECT_EQ(lost(), 0) << "nothing was deleted: an aborted transaction";
}

TEST_F(GapDetectorTest, APartitionThatWasEmptiedUnreadIsALoss) {
  gaps_.expect({{3, 5}});
  EXPECT_EQ(gaps_.reached(3, 9, 1), Found::jump);
  gaps_.settle({{3, 9}}, 3);
  EXPECT_EQ(lost(), 4);
}

TEST_F(GapDetectorTest, APartitionThatWasEmptiedBeforeItWasEverReadIsPassedAndNoLoss) {
  EXPECT_EQ(gaps_.reached(0, 0, 1), Found::expected) << "that is where it begins anyway";
  EXPECT_EQ(gaps_.reached(4, 9, 1), Found::jump);
  EXPECT_EQ(gaps_.reached(4, 9, 1), Found::expected);
  gaps_.arrived(4, 9, 1);
  gaps_.settle({{4, 9}}, 5);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, ALogThatGoesBackWasRecreatedAndThatIsToldOnce) {
  gaps_.expect({{0, 50}, {1, 50}});
  EXPECT_EQ(gaps_.arrived(0, 0, 1), Found::recreated);
  EXPECT_EQ(gaps_.arrived(0, 1, 1), Found::expected);
  EXPECT_EQ(gaps_.reached(1, 0, 1), Found::recreated) << "while it is still empty";
  EXPECT_EQ(gaps_.reached(1, 0, 1), Found::expected);
  EXPECT_EQ(gaps_.arrived(1, 0, 1), Found::expected);
  gaps_.settle({{0, 0}, {1, 0}}, 5);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, AJumpInTheOldLogIsNotJudgedByTheNewOne) {
  gaps_.expect({{0, 50}});
  EXPECT_EQ(gaps_.arrived(0, 70, 1), Found::jump);
  EXPECT_EQ(gaps_.arrived(0, 60, 2), Found::recreated);
  gaps_.settle({{0, 60}}, 5);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, WhereNothingWasExpectedTheFirstRecordDecides) {
  gaps_.arrived(0, 70, 1);
  gaps_.forget(0);
  gaps_.arrived(0, 90, 1);
  gaps_.settle({{0, 70}}, 5);
  EXPECT_EQ(lost(), 0);
}

}  // namespace
}  // namespace freshet::ingest

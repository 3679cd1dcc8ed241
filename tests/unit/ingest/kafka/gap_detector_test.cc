#include "ingest/kafka/gap_detector.h"

#include <gtest/gtest.h>

namespace freshet::ingest {
namespace {

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
  EXPECT_FALSE(gaps_.reached(3, 5, 1));
  EXPECT_TRUE(gaps_.reached(3, 9, 1));
  EXPECT_FALSE(gaps_.reached(3, 9, 1)) << "told once";
  gaps_.arrived(3, 9, 1);
  EXPECT_FALSE(gaps_.reached(3, 10, 1));
  gaps_.settle({{3, 0}}, 3);
  EXPECT_EQ(lost(), 0) << "nothing was deleted: an aborted transaction";
}

TEST_F(GapDetectorTest, APartitionThatWasEmptiedUnreadIsALoss) {
  gaps_.expect({{3, 5}});
  EXPECT_TRUE(gaps_.reached(3, 9, 1));
  gaps_.settle({{3, 9}}, 3);
  EXPECT_EQ(lost(), 4);
}

TEST_F(GapDetectorTest, APartitionThatWasEmptiedBeforeItWasEverReadIsPassedAndNoLoss) {
  EXPECT_FALSE(gaps_.reached(0, 0, 1)) << "that is where it begins anyway";
  EXPECT_TRUE(gaps_.reached(4, 9, 1));
  EXPECT_FALSE(gaps_.reached(4, 9, 1));
  gaps_.arrived(4, 9, 1);
  gaps_.settle({{4, 9}}, 5);
  EXPECT_EQ(lost(), 0);
}

TEST_F(GapDetectorTest, ALogMadeAnewIsReadFromItsBeginning) {
  gaps_.expect({{0, 50}});
  gaps_.arrived(0, 0, 1);
  gaps_.arrived(0, 1, 1);
  gaps_.settle({{0, 0}}, 5);
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

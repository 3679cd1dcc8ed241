// SPDX-License-Identifier: Apache-2.0
#include "online/measure/off_policy/confidence_sequence.h"

#include <gtest/gtest.h>

namespace freshet::online {
namespace {

TEST(ConfidenceSequence, ABoundRisesToTheMeanWithTheOutcomes) {
  LowerConfidenceSequence sequence(0.05, 0);
  EXPECT_EQ(sequence.lower(), 0);
  double before = 0;
  for (const int outcomes : {100, 1000, 10'000}) {
    for (int i = 0; i < outcomes; ++i) sequence.add(i % 2, 0);
    EXPECT_GT(sequence.lower(), before);
    EXPECT_LT(sequence.lower(), 0.5);
    before = sequence.lower();
  }
  EXPECT_GT(before, 0.48);
}

TEST(ConfidenceSequence, MeansUpToTheBoundAreRejected) {
  LowerConfidenceSequence sequence(0.05, 0);
  for (int i = 0; i < 1000; ++i) sequence.add(i % 2, 0);
  EXPECT_TRUE(sequence.rejects(sequence.lower() - 1e-9));
  EXPECT_FALSE(sequence.rejects(sequence.lower() + 1e-9));
}

TEST(ConfidenceSequence, LessCertaintyIsALargerBound) {
  LowerConfidenceSequence sure(0.01, 0), less(0.2, 0);
  for (int i = 0; i < 1000; ++i) {
    sure.add(i % 2, 0);
    less.add(i % 2, 0);
  }
  EXPECT_LT(sure.lower(), less.lower());
}

TEST(ConfidenceSequence, OutcomesMayBeNegativeIfTheirLeastIsKnown) {
  LowerConfidenceSequence sequence(0.05, 0);
  for (int i = 0; i < 10'000; ++i) sequence.add(i % 2 == 0 ? -1.0 : 2.0, 1);
  EXPECT_GT(sequence.lower(), 0.4);
  EXPECT_LT(sequence.lower(), 0.5);
}

TEST(ConfidenceSequence, WithoutVarianceTheBoundIsThatOfTheLargestBet) {
  // Centres are right from the second outcome on: wealth is at least exp(0.9 (1 - m) n) / 16, less the first error.
  LowerConfidenceSequence sequence(0.05, 1);
  for (int i = 0; i < 100; ++i) sequence.add(1, 0);
  EXPECT_NEAR(sequence.lower(), 1 - (3.0 + 2.77) / 0.9 / 100, 0.005);
}

}  // namespace
}  // namespace freshet::online

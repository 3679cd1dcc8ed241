// SPDX-License-Identifier: Apache-2.0
#include "serve/http/admission.h"

#include <gtest/gtest.h>

#include <vector>

namespace freshet::serve {
namespace {

using std::chrono::milliseconds;

class AdmissionTest : public ::testing::Test {
 protected:
  /// Takes `requests` that are ready together, each of which takes `each`; returns how many were let in.
  int round(int requests, milliseconds each) {
    admitted_.clear();
    for (int i = 0; i < requests; ++i) {
      boost::asio::post(context_, [this, i, each] {
        const auto decided = [this, i, each](bool admitted) {
          if (!admitted) return;  // refusing costs nothing
          admitted_.push_back(i);
          now_ += each;
        };
        if (admission_.admits()) {
          decided(true);
        } else {
          admission_.decide(decided);
        }
      });
    }
    context_.restart();
    context_.run();
    return static_cast<int>(admitted_.size());
  }

  std::vector<int> admitted_;  // of the last round, in order

  Admission::Clock::time_point now_{};
  boost::asio::io_context context_{1};
  Admission admission_{context_, milliseconds(100), [this] { return now_; }};
};

TEST_F(AdmissionTest, ABurstIsServed) { EXPECT_EQ(round(90, milliseconds(1)), 90); }

TEST_F(AdmissionTest, OnceAllRoundsHaveBeenLongTheNewestOfARoundAreServedAndTheOthersRefused) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(round(25, milliseconds(1)), 25);
    EXPECT_EQ(admitted_.front(), 0);
  }
  EXPECT_EQ(round(25, milliseconds(1)), 6) << "as many as begin within the target";
  EXPECT_EQ(admitted_, (std::vector<int>{24, 23, 22, 21, 20, 19}));
  EXPECT_EQ(round(25, milliseconds(1)), 6);
}

TEST_F(AdmissionTest, ShortRoundsForAWhileEndTheOverload) {
  for (int i = 0; i < 4; ++i) round(25, milliseconds(1));
  ASSERT_EQ(round(25, milliseconds(1)), 6);
  EXPECT_EQ(round(3, milliseconds(1)), 3) << "and it goes on:";
  ASSERT_EQ(round(25, milliseconds(1)), 6);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(round(3, milliseconds(1)), 3);
  EXPECT_EQ(round(25, milliseconds(1)), 25);
}

TEST_F(AdmissionTest, ManyShortRoundsAreNoOverload) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(round(4, milliseconds(1)), 4);
  EXPECT_EQ(round(25, milliseconds(1)), 25);
}

}  // namespace
}  // namespace freshet::serve

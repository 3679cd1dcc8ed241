// SPDX-License-Identifier: Apache-2.0
#include "online/measure/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

TEST(Calibration, HonestProbabilitiesHaveNoCalibrationError) {
  CalibrationMeter meter;
  Random random(1);
  double log_loss = 0;
  for (int i = 0; i < 50'000; ++i) {
    const double probability = random.uniform() < 0.5 ? 0.1 : 0.7;
    const bool clicked = random.uniform() < probability;
    log_loss -= std::log(clicked ? probability : 1 - probability) / 50'000;
    meter.record(probability, clicked);
  }
  const Calibration c = meter.calibration();
  EXPECT_EQ(c.examples, 50'000U);
  EXPECT_LT(c.expected_calibration_error, 0.01);
  EXPECT_NEAR(c.log_loss, log_loss, 0.01);
  // A click is half of 0.7 and of 0.1, a miss half of 0.3 and of 0.9: ties count half.
  const double clicked_high = 0.7 / 0.8, missed_high = 0.3 / 1.2;
  EXPECT_NEAR(
      c.auc,
      clicked_high * (1 - missed_high) + 0.5 * (clicked_high * missed_high + (1 - clicked_high) * (1 - missed_high)),
      0.01);
}

TEST(Calibration, OverconfidenceIsTheDistanceToTheObservedFrequency) {
  CalibrationMeter meter;
  Random random(1);
  for (int i = 0; i < 20'000; ++i) meter.record(0.9, random.uniform() < 0.6);
  EXPECT_NEAR(meter.calibration().expected_calibration_error, 0.3, 0.01);
  EXPECT_DOUBLE_EQ(meter.calibration().auc, 0.5);
}

TEST(Calibration, AucIsOneIfEveryClickIsAboveEveryMiss) {
  CalibrationMeter meter;
  EXPECT_EQ(meter.calibration().auc, 0.5);
  for (int i = 0; i < 100; ++i) meter.record(i % 2 == 0 ? 0.8 : 0.2, i % 2 == 0);
  EXPECT_DOUBLE_EQ(meter.calibration().auc, 1);
}

TEST(Calibration, OldExamplesNoLongerCount) {
  CalibrationMeter meter;
  for (int i = 0; i < 100'000; ++i) meter.record(0.9, false);
  for (int i = 0; i < 1'000'000; ++i) meter.record(0.5, i % 2 == 0);
  EXPECT_NEAR(meter.calibration().expected_calibration_error, 0, 1e-3);
  EXPECT_NEAR(meter.calibration().log_loss, std::log(2), 1e-3);
}

TEST(Calibration, CertaintyThatIsWrongCostsMuchButNotEverything) {
  CalibrationMeter meter;
  meter.record(0, true);
  meter.record(1, false);
  EXPECT_TRUE(std::isfinite(meter.calibration().log_loss));
  EXPECT_GT(meter.calibration().log_loss, 10);
}

}  // namespace
}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/model/blender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.h"
#include "tests/support/part_driver.h"

namespace freshet::online {
namespace {

constexpr std::size_t kInputs = 4;
constexpr std::size_t kRows = 30;
constexpr std::array<std::size_t, 1> kOwn{0};

std::vector<float> random_rows(Random& random) {
  std::vector<float> rows(kInputs * kRows);
  for (float& value : rows) value = static_cast<float>(random.uniform() * 6 - 3);
  return rows;
}

// The row with the greatest `quality` of its features.
template <typename F>
std::size_t best_row(const std::vector<float>& rows, F quality) {
  std::size_t best = 0;
  for (std::size_t row = 1; row < kRows; ++row) {
    if (quality(&rows[row * kInputs]) > quality(&rows[best * kInputs])) best = row;
  }
  return best;
}

// Share of the rounds in which the blender ranks the right row first; it learns from each round afterwards.
template <typename F>
double accuracy(Blender& blender, Random& random, int rounds, F quality) {
  int right = 0;
  std::vector<float> scores(kRows);
  for (int i = 0; i < rounds; ++i) {
    const std::vector<float> rows = random_rows(random);
    const std::size_t target = best_row(rows, quality);
    blender.weights().score(rows, scores);
    right += static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()) == target;
    blender.learn(rows, scores, target, 1.0F);
  }
  return static_cast<double>(right) / rounds;
}

TEST(Blender, TrustsThePartsOwnScoresBeforeItHasLearned) {
  Blender blender(kInputs, kOwn, {}, 1);
  Random random(2);
  const std::vector<float> rows = random_rows(random);
  std::vector<float> scores(kRows);
  blender.weights().score(rows, scores);
  const std::size_t expected = best_row(rows, [](const float* x) { return x[0]; });
  EXPECT_EQ(static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()), expected);
}

TEST(Blender, StaysFiniteWhenNoRowOfALongEvenListCounts) {
  Blender blender(kInputs, kOwn, {}, 1);
  const std::vector<float> rows(1200 * kInputs, 1.0F);
  std::vector<float> scores(1200);
  blender.weights().score(rows, scores);
  blender.learn(rows, scores, 7, 1.0F);
  Random random(2);
  accuracy(blender, random, 10, [](const float* x) { return x[2]; });
  blender.weights().score(rows, scores);
  EXPECT_TRUE(std::isfinite(scores.front()));
}

TEST(Blender, IsNotSpoiledByFeaturesThatAreNotFinite) {
  for (const float nonsense : {NAN, INFINITY, -INFINITY}) {
    Blender blender(kInputs, kOwn, {}, 1);
    Random random(2);
    std::vector<float> rows = random_rows(random);
    std::vector<float> scores(kRows);
    rows[kInputs + 2] = nonsense;
    for (int i = 0; i < 3; ++i) {
      blender.weights().score(rows, scores);
      blender.learn(rows, scores, 1, 1.0F);
    }
    blender.weights().score(random_rows(random), scores);
    EXPECT_TRUE(std::ranges::all_of(scores, [](float score) { return std::isfinite(score); })) << nonsense;
  }
}

TEST(Blender, LearnsWhichFeatureMatters) {
  Blender blender(kInputs, kOwn, {}, 1);
  Random random(3);
  const auto quality = [](const float* x) { return x[2] - 0.5F * x[0]; };
  accuracy(blender, random, 2000, quality);
  EXPECT_GT(accuracy(blender, random, 500, quality), 0.85);
}

TEST(Blender, LearnsWhatNoLinearMixCan) {
  BlenderOptions options;
  options.hidden_units = 32;
  Blender blender(kInputs, kOwn, options, 1);
  Random random(4);
  const auto quality = [](const float* x) { return std::abs(x[1]); };
  accuracy(blender, random, 4000, quality);
  EXPECT_GT(accuracy(blender, random, 500, quality), 0.5);
}

TEST(Blender, ItsScoresAreTheFormulaOfItsWeights) {
  Blender blender(kInputs, kOwn, {}, 1);
  Random random(5);
  accuracy(blender, random, 50, [](const float* x) { return x[3]; });
  const BlenderWeights& w = blender.weights();
  const std::vector<float> rows = random_rows(random);
  std::vector<float> scores(kRows);
  w.score(rows, scores);
  for (std::size_t row = 0; row < kRows; ++row) {
    double score = 0;
    std::vector<double> hidden(w.b1.begin(), w.b1.end());
    for (std::size_t i = 0; i < kInputs; ++i) {
      const double x =
          std::clamp<double>((static_cast<double>(rows[row * kInputs + i]) - static_cast<double>(w.mean[i])) *
                                 static_cast<double>(w.inverse_deviation[i]),
                             -5, 5);
      score += x * static_cast<double>(w.linear[i]);
      for (std::size_t h = 0; h < w.hidden; ++h) hidden[h] += x * static_cast<double>(w.w1[i * w.hidden + h]);
    }
    for (std::size_t h = 0; h < w.hidden; ++h) score += std::max(0.0, hidden[h]) * static_cast<double>(w.w2[h]);
    EXPECT_NEAR(static_cast<double>(scores[row]), score, 1e-4);
  }
}

TEST(Blender, GoesOnAfterSaveAndLoadAndRefusesOtherShapes) {
  Blender first(kInputs, kOwn, {}, 1);
  Random random(6);
  const auto quality = [](const float* x) { return x[1]; };
  accuracy(first, random, 100, quality);
  const std::string bytes = testing::saved(first);
  Blender second(kInputs, kOwn, {}, 99);
  ByteReader in(bytes);
  ASSERT_TRUE(second.load(in));
  Random again = random;
  accuracy(first, random, 100, quality);
  accuracy(second, again, 100, quality);
  EXPECT_EQ(testing::saved(second), testing::saved(first));
  Blender wider(kInputs + 1, kOwn, {}, 1);
  ByteReader other(bytes);
  EXPECT_FALSE(wider.load(other));
}

}  // namespace
}  // namespace freshet::online

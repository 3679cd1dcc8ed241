// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/text_cnn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "tests/support/random_vector.h"
#include "tests/support/slope.h"

namespace freshet::online {
namespace {

constexpr std::size_t kDimension = 16;

/// A title of some words, and a direction in which items are wanted.
class TextCnnTest : public ::testing::Test {
 protected:
  TextCnnTest() {
    Random random(3);
    for (int i = 0; i < 5; ++i) words_.push_back(testing::random_vector(random, kDimension));
    wanted_ = testing::random_vector(random, kDimension);
  }

  static std::vector<const float*> pointers(const std::vector<std::vector<float>>& words) {
    std::vector<const float*> all;
    for (const auto& word : words) all.push_back(word.data());
    return all;
  }

  double score(const TextCnn& cnn, const std::vector<std::vector<float>>& words) const {
    TextCnn::Pooled pooled;
    std::vector<float> sum(kDimension);
    cnn.forward(pointers(words), pooled, sum.data());
    return static_cast<double>(dot(sum.data(), wanted_.data(), kDimension));
  }

  /// Adds the gradient of `sign` times the score; returns that of the words.
  std::vector<float> backward(TextCnn& cnn, const std::vector<std::vector<float>>& words, float sign) const {
    TextCnn::Pooled pooled;
    std::vector<float> sum(kDimension), d_sum = wanted_, d_words(words.size() * kDimension);
    for (float& value : d_sum) value *= sign;
    cnn.forward(pointers(words), pooled, sum.data());
    cnn.backward(pointers(words), pooled, d_sum.data(), d_words.data());
    return d_words;
  }

  /// Some steps towards a higher score of these words.
  void train(TextCnn& cnn, const std::vector<std::vector<float>>& words) const {
    for (int i = 0; i < 20; ++i) {
      backward(cnn, words, -1);
      cnn.step();
    }
  }

  static std::string saved(const TextCnn& cnn) {
    std::string bytes;
    ByteWriter out(bytes);
    cnn.save(out);
    return bytes;
  }

  std::vector<std::vector<float>> words_;
  std::vector<float> wanted_;
};

TEST_F(TextCnnTest, BeginsWithoutEffect) { EXPECT_EQ(score(TextCnn(kDimension, 1), words_), 0); }

TEST_F(TextCnnTest, ATitleShorterThanAFilterIsReadByTheOthers) {
  TextCnn cnn(kDimension, 1);
  train(cnn, words_);
  EXPECT_EQ(score(cnn, {}), 0);
  EXPECT_TRUE(std::isfinite(score(cnn, {words_[0]})));
}

TEST_F(TextCnnTest, GradientsOfTheWordsAreThoseOfTheScore) {
  TextCnn cnn(kDimension, 1);
  train(cnn, words_);
  const std::vector<float> gradients = backward(cnn, words_, 1);
  double largest = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    float& value = words_[i / kDimension][i % kDimension];
    const double expected = testing::slope(value, 1e-3F, [&] { return score(cnn, words_); });
    EXPECT_NEAR(static_cast<double>(gradients[i]), expected, 0.02) << i;
    largest = std::max(largest, std::abs(expected));
  }
  EXPECT_GT(largest, 0.2);
}

TEST_F(TextCnnTest, LearnsTheOrderOfWords) {
  TextCnn cnn(kDimension, 1);
  const std::vector<std::vector<float>> one{words_[0], words_[1]}, other{words_[1], words_[0]};
  for (int i = 0; i < 300; ++i) {
    backward(cnn, one, -1);
    backward(cnn, other, 1);
    cnn.step();
  }
  EXPECT_GT(score(cnn, one), score(cnn, other) + 1);
}

TEST_F(TextCnnTest, GoesOnAfterSaveAndLoad) {
  TextCnn cnn(kDimension, 1), loaded(kDimension, 2);
  train(cnn, words_);
  const std::string bytes = saved(cnn);
  ByteReader in(bytes);
  ASSERT_TRUE(loaded.load(in));
  EXPECT_TRUE(in.at_end());
  train(cnn, words_);
  train(loaded, words_);
  EXPECT_TRUE(saved(loaded) == saved(cnn));
}

TEST_F(TextCnnTest, RefusesAStateOfAnotherDimension) {
  const std::string bytes = saved(TextCnn(kDimension, 1));
  ByteReader in(bytes);
  EXPECT_FALSE(TextCnn(2 * kDimension, 1).load(in));
}

}  // namespace
}  // namespace freshet::online

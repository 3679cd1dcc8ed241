#include "online/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "online/random.h"

namespace freshet::online {
namespace {

std::vector<float> random_vector(Random& random, std::size_t size) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

TEST(Kernels, SigmoidAndTanhAreAsExactAsTheyNeedToBe) {
  std::vector<float> values;
  for (float x = -100; x <= 100; x += 0.37F) values.push_back(x);
  auto sigmoids = values, tangents = values;
  sigmoid(sigmoids.data(), sigmoids.size());
  hyperbolic_tangent(tangents.data(), tangents.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(sigmoids[i], 1.0 / (1.0 + std::exp(-static_cast<double>(values[i]))), 1e-6) << values[i];
    EXPECT_NEAR(tangents[i], std::tanh(static_cast<double>(values[i])), 1e-6) << values[i];
  }
}

TEST(Kernels, ProductsEqualTheNaiveOnes) {
  Random random(1);
  const std::size_t rows = 24, columns = 64;
  const auto matrix = random_vector(random, rows * columns), x = random_vector(random, rows);
  std::vector<float> out(columns, 1.0F);
  add_product(out.data(), matrix.data(), x.data(), rows, columns);
  for (std::size_t j = 0; j < columns; ++j) {
    double expected = 1;
    for (std::size_t i = 0; i < rows; ++i)
      expected += static_cast<double>(x[i]) * static_cast<double>(matrix[i * columns + j]);
    EXPECT_NEAR(out[j], expected, 1e-5);
  }
  const auto a = random_vector(random, 64), b = random_vector(random, 64);
  double expected = 0;
  for (std::size_t i = 0; i < 64; ++i) expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  EXPECT_NEAR(dot(a.data(), b.data(), 64), expected, 1e-5);
}

TEST(Kernels, EveryScanOfQuantisedRowsIsCloseToTheFloatDotProducts) {
  Random random(2);
  const std::size_t size = 64, count = 3;
  std::vector<std::uint8_t> blocks(count * size * kBlockRows);
  std::vector<std::vector<float>> rows;
  std::vector<float> scales;
  for (std::size_t row = 0; row < count * kBlockRows; ++row) {
    rows.push_back(random_vector(random, size));
    std::uint8_t* block = blocks.data() + row / kBlockRows * size * kBlockRows;
    scales.push_back(quantise_into_block(rows[row].data(), size, block, row % kBlockRows));
  }
  const auto query = random_vector(random, size);
  std::vector<std::int8_t> rounded(size);
  const float scale = quantise(query.data(), size, rounded.data());
  const auto offset = random_vector(random, count * kBlockRows);
  std::vector<float> scores(count * kBlockRows), peaks(count);
  for (ScoreBlocks* const kernel : score_blocks_kernels()) {
    kernel(blocks.data(), count, rounded.data(), size, scale, {scales.data(), offset.data()}, scores.data(),
           peaks.data());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      EXPECT_NEAR(scores[row], dot(rows[row].data(), query.data(), size) + offset[row], 0.08);
      std::int32_t exact = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const std::uint8_t byte =
            blocks[row / kBlockRows * size * kBlockRows + (i / 4 * kBlockRows + row % kBlockRows) * 4 + i % 4];
        exact += (byte - kZero) * rounded[i];
      }
      EXPECT_NEAR(scores[row], static_cast<float>(exact) * scale * scales[row] + offset[row], 1e-5);
    }
    for (std::size_t block = 0; block < count; ++block) {
      const auto first = scores.begin() + static_cast<std::ptrdiff_t>(block * kBlockRows);
      EXPECT_EQ(peaks[block], *std::max_element(first, first + kBlockRows));
    }
  }
  const std::vector<float> zero(size);
  EXPECT_EQ(quantise_into_block(zero.data(), size, blocks.data(), 0), 0.0F);
}

}  // namespace
}  // namespace freshet::online

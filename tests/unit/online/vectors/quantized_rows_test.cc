// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/quantized_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "tests/support/random_vector.h"

namespace freshet::online {
namespace {

using testing::random_vector;

TEST(QuantizedRows, EveryScanScoresWhatTheRowsWereRoundedTo) {
  Random random(2);
  for (const std::size_t size : {16UL, 64UL, 144UL, 1024UL}) {
    const std::size_t count = 3;
    std::vector<std::uint8_t> blocks(count * block_bytes(size));
    const auto block_of = [&](std::size_t row) { return blocks.data() + row / kBlockRows * block_bytes(size); };
    std::vector<std::vector<float>> rows;
    std::vector<float> scales;
    for (std::size_t row = 0; row < count * kBlockRows; ++row) {
      rows.push_back(random_vector(random, size));
      scales.push_back(quantize_into_block(rows[row].data(), size, block_of(row), row % kBlockRows));
    }
    const auto query = random_vector(random, size), offset = random_vector(random, rows.size());
    std::vector<std::int8_t> rounded(size);
    const float scale = quantize(query.data(), size, rounded.data());
    std::vector<float> expected;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      std::vector<float> read(size);
      read_from_block(block_of(row), row % kBlockRows, scales[row], size, read.data());
      double product = 0;
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_NEAR(read[i], rows[row][i], scales[row] * 1.001F);  // half a step: a step is twice the scale
        product += static_cast<double>(read[i]) * rounded[i];
      }
      expected.push_back(static_cast<float>(product) * scale + offset[row]);
    }
    std::vector<float> scores(rows.size()), peaks(count);
    for (ScoreBlocks* const kernel : score_blocks_kernels()) {
      kernel({blocks.data(), scales.data(), offset.data(), count, block_bytes(size)}, rounded.data(), size, scale,
             scores.data(), peaks.data());
      for (std::size_t row = 0; row < rows.size(); ++row) EXPECT_NEAR(scores[row], expected[row], 1e-4);
      for (std::size_t block = 0; block < count; ++block) {
        const auto first = scores.begin() + static_cast<std::ptrdiff_t>(block * kBlockRows);
        EXPECT_EQ(peaks[block], *std::max_element(first, first + kBlockRows));
      }
    }
  }
}

TEST(QuantizedRows, ACopiedLaneIsTheSame) {
  Random random(3);
  const std::size_t size = 32;
  std::vector<std::uint8_t> from(block_bytes(size)), to(block_bytes(size));
  const float scale = quantize_into_block(random_vector(random, size).data(), size, from.data(), 5);
  copy_in_blocks(from.data(), 5, size, to.data(), 11);
  std::vector<float> original(size), copied(size), untouched(size);
  read_from_block(from.data(), 5, scale, size, original.data());
  read_from_block(to.data(), 11, scale, size, copied.data());
  EXPECT_EQ(copied, original);
  read_from_block(to.data(), 10, scale, size, untouched.data());
  EXPECT_EQ(untouched, std::vector<float>(size, scale * -static_cast<float>(kCenter)));
}

TEST(QuantizedRows, AZeroVectorHasNoScale) {
  const std::vector<float> zero(16);
  std::vector<std::uint8_t> block(block_bytes(zero.size()));
  EXPECT_EQ(quantize_into_block(zero.data(), zero.size(), block.data(), 0), 0.0F);
}

TEST(QuantizedRows, ReachingSaysWhichOfABlocksScoresAreHighEnough) {
  std::vector<float> scores(kBlockRows);
  for (std::size_t i = 0; i < kBlockRows; ++i) scores[i] = static_cast<float>(i % 5);
  scores[15] = -INFINITY;
  std::uint32_t expected = 0;
  for (std::size_t i = 0; i < kBlockRows; ++i) expected |= (scores[i] >= 3 ? 1U : 0U) << i;
  EXPECT_EQ(reaching(scores.data(), 3), expected);
  EXPECT_EQ(reaching(scores.data(), 5), 0U);
  EXPECT_EQ(reaching(scores.data(), -INFINITY), 0xFFFFU);
}

}  // namespace
}  // namespace freshet::online

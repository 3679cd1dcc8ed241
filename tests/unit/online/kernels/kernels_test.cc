// SPDX-License-Identifier: Apache-2.0
#include "online/kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "tests/support/random_vector.h"

namespace freshet::online {
namespace {

using testing::random_vector;

TEST(Kernels, ExponentialSigmoidAndTanhAreAsExactAsTheyNeedToBe) {
  std::vector<float> values;
  for (float x = -100; x <= 100; x += 0.37F) values.push_back(x);
  auto exponentials = values, sigmoids = values, tangents = values;
  exponential(exponentials.data(), exponentials.size());
  sigmoid(sigmoids.data(), sigmoids.size());
  hyperbolic_tangent(tangents.data(), tangents.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) < 80) {
      EXPECT_NEAR(exponentials[i] / std::exp(static_cast<double>(values[i])), 1.0, 1e-6) << values[i];
    }
    EXPECT_NEAR(sigmoids[i], 1.0 / (1.0 + std::exp(-static_cast<double>(values[i]))), 1e-6) << values[i];
    EXPECT_NEAR(tangents[i], std::tanh(static_cast<double>(values[i])), 1e-6) << values[i];
  }
}

TEST(Kernels, AnAdagradStepIsDividedByTheRootOfAllSquaresAndUsesUpItsGradient) {
  Random random(2);
  const auto start = random_vector(random, 21), slope = random_vector(random, 21);
  std::vector<float> weights(start.begin(), start.end()), squares(21, 0.5F), gradient(slope.begin(), slope.end());
  adagrad(weights.data(), squares.data(), gradient.data(), 21, 0.1F);
  for (std::size_t i = 0; i < 21; ++i) {
    const double square = 0.5 + static_cast<double>(slope[i] * slope[i]);
    EXPECT_NEAR(squares[i], square, 1e-6);
    EXPECT_NEAR(weights[i], static_cast<double>(start[i]) - 0.1 * static_cast<double>(slope[i]) / std::sqrt(square),
                1e-6);
    EXPECT_EQ(gradient[i], 0);
  }
}

TEST(Kernels, ProductsEqualTheNaiveOnes) {
  Random random(1);
  const std::size_t inner = 24;
  for (const std::size_t columns : {16UL, 80UL, 128UL}) {
    const auto matrix = random_vector(random, inner * columns);
    for (std::size_t rows = 1; rows <= 9; ++rows) {
      const auto x = random_vector(random, rows * inner);
      std::vector<float> out(rows * columns, 1.0F);
      add_product(out.data(), matrix.data(), x.data(), inner, columns, rows);
      for (std::size_t at = 0; at < out.size(); ++at) {
        double expected = 1;
        for (std::size_t i = 0; i < inner; ++i) {
          expected += static_cast<double>(x[at / columns * inner + i]) *
                      static_cast<double>(matrix[i * columns + at % columns]);
        }
        EXPECT_NEAR(out[at], expected, 1e-5);
      }
    }
  }
  const auto a = random_vector(random, 64), b = random_vector(random, 64);
  double expected = 0;
  for (std::size_t i = 0; i < 64; ++i) expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  EXPECT_NEAR(dot(a.data(), b.data(), 64), expected, 1e-5);

  for (const std::size_t size : {1UL, 16UL, 21UL}) {
    std::vector<float> each(3);
    dot_each(a.data(), b.data(), each.size(), size, each.data());
    for (std::size_t n = 0; n < each.size(); ++n) EXPECT_EQ(each[n], dot(a.data(), &b[n * size], size));
  }
}

}  // namespace
}  // namespace freshet::online

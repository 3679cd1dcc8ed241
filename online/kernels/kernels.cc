// SPDX-License-Identifier: Apache-2.0
#include "online/kernels/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

/// e^x to about 1e-7 relative (the polynomial of Cephes), without branches so that loops over it vectorize.
inline __attribute__((always_inline)) float exponential(float x) {
  x = std::min(88.0F, std::max(-87.0F, x));
  const float n = std::floor(x * 1.44269504F + 0.5F);
  x -= n * 0.693359375F;
  x -= n * -2.12194440e-4F;
  float y = 1.9875691500e-4F;
  y = y * x + 1.3981999507e-3F;
  y = y * x + 8.3334519073e-3F;
  y = y * x + 4.1665795894e-2F;
  y = y * x + 1.6666665459e-1F;
  y = y * x + 5.0000001201e-1F;
  y = y * x * x + x + 1.0F;
  return y * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

inline __attribute__((always_inline)) float dot_product(const float* a, const float* b, std::size_t size) {
  Lanes sums = {};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) sums += lanes(a + i) * lanes(b + i);
  float rest = 0;
  for (; i < size; ++i) rest += a[i] * b[i];
  return sum_of(sums) + rest;
}

}  // namespace

FRESHET_SIMD float dot(const float* a, const float* b, std::size_t size) { return dot_product(a, b, size); }

FRESHET_SIMD void dot_each(const float* x, const float* rows, std::size_t count, std::size_t size, float* out) {
  for (std::size_t n = 0; n < count; ++n) out[n] = dot_product(x, rows + n * size, size);
}

FRESHET_SIMD void add_scaled(const float* x, float factor, std::size_t n, float* sum) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) sum[i] += factor * x[i];
}

FRESHET_SIMD void adagrad(float* weights, float* squares, float* gradient, std::size_t n, float rate) {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) {
    squares[i] += gradient[i] * gradient[i];
    weights[i] -= rate * gradient[i] / (std::sqrt(squares[i]) + 1e-6F);
    gradient[i] = 0.0F;
  }
}

FRESHET_SIMD void exponential(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = exponential(values[i]);
}

FRESHET_SIMD void sigmoid(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = 1.0F / (1.0F + exponential(-values[i]));
}

FRESHET_SIMD void hyperbolic_tangent(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = 2.0F / (1.0F + exponential(-2.0F * values[i])) - 1.0F;
}

namespace {

/// Computes `Rows` rows and `Blocks` blocks of columns together: a single running sum would make each addition wait for
/// the one before, and a single row would load every weight for just one product.
template <std::size_t Rows, std::size_t Blocks>
inline __attribute__((always_inline)) void add_product_of_blocks(float* out, const float* matrix, const float* x,
                                                                 std::size_t inner, std::size_t columns) {
  Lanes sums[Rows][Blocks];
  for (std::size_t row = 0; row < Rows; ++row) {
    for (std::size_t block = 0; block < Blocks; ++block) sums[row][block] = lanes(out + row * columns + block * kLanes);
  }
  for (std::size_t i = 0; i < inner; ++i) {
    for (std::size_t block = 0; block < Blocks; ++block) {
      const Lanes weights = lanes(matrix + i * columns + block * kLanes);
      for (std::size_t row = 0; row < Rows; ++row) sums[row][block] += x[row * inner + i] * weights;
    }
  }
  for (std::size_t row = 0; row < Rows; ++row) {
    for (std::size_t block = 0; block < Blocks; ++block) lanes(out + row * columns + block * kLanes) = sums[row][block];
  }
}

template <std::size_t Rows, std::size_t Blocks>
inline __attribute__((always_inline)) void add_product_of_rows(float* out, const float* matrix, const float* x,
                                                               std::size_t inner, std::size_t columns) {
  std::size_t from = 0;
  for (; from + Blocks * kLanes <= columns; from += Blocks * kLanes) {
    add_product_of_blocks<Rows, Blocks>(out + from, matrix + from, x, inner, columns);
  }
  for (; from < columns; from += kLanes) {
    add_product_of_blocks<Rows, 1>(out + from, matrix + from, x, inner, columns);
  }
}

}  // namespace

FRESHET_SIMD void add_product(float* out, const float* matrix, const float* x, std::size_t inner, std::size_t columns,
                              std::size_t rows) {
  for (; rows >= 4; rows -= 4, out += 4 * columns, x += 4 * inner) {
    add_product_of_rows<4, 2>(out, matrix, x, inner, columns);
  }
  if (rows == 3) add_product_of_rows<3, 2>(out, matrix, x, inner, columns);
  if (rows == 2) add_product_of_rows<2, 4>(out, matrix, x, inner, columns);
  if (rows == 1) add_product_of_rows<1, 4>(out, matrix, x, inner, columns);
}

}  // namespace freshet::online

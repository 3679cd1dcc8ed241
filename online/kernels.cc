#include "online/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "online/simd.h"

namespace freshet::online {
namespace {

/// e^x to about 1e-7 relative, without branches so that loops over it vectorise (Cephes' polynomial).
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

}  // namespace

FRESHET_SIMD float dot(const float* a, const float* b, std::size_t size) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

FRESHET_SIMD void scan_block(const std::int8_t* block, const float* query, std::size_t size, float* out) {
  float sums[kBlockRows] = {};
  for (std::size_t i = 0; i < size; ++i) {
#pragma omp simd
    for (std::size_t row = 0; row < kBlockRows; ++row) {
      sums[row] += static_cast<float>(block[i * kBlockRows + row]) * query[i];
    }
  }
  for (std::size_t row = 0; row < kBlockRows; ++row) out[row] = sums[row];
}

float quantise_into_block(const float* values, std::size_t size, std::int8_t* block, std::size_t row) {
  float largest = 0;
  for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(values[i]));
  const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < size; ++i) {
    block[i * kBlockRows + row] = static_cast<std::int8_t>(std::lround(values[i] * inverse));
  }
  return largest / 127.0F;
}

FRESHET_SIMD void sigmoid(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = 1.0F / (1.0F + exponential(-values[i]));
}

FRESHET_SIMD void hyperbolic_tangent(float* values, std::size_t size) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) values[i] = 2.0F / (1.0F + exponential(-2.0F * values[i])) - 1.0F;
}

FRESHET_SIMD void add_product(float* out, const float* matrix, const float* x, std::size_t rows, std::size_t columns) {
  for (std::size_t from = 0; from < columns; from += kLanes) {
    float sums[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] = out[from + lane];
    for (std::size_t i = 0; i < rows; ++i) {
#pragma omp simd
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i] * matrix[i * columns + from + lane];
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) out[from + lane] = sums[lane];
  }
}

}  // namespace freshet::online

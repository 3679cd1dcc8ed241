#include "online/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "online/simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

namespace {

float largest_magnitude(const float* values, std::size_t size) {
  float largest = 0;
  for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(values[i]));
  return largest;
}

FRESHET_SIMD void score_blocks_portable(const std::uint8_t* blocks, std::size_t count, const std::int8_t* query,
                                        std::size_t size, float query_scale, const RowScales& rows, float* scores,
                                        float* peaks) {
  for (std::size_t block = 0; block < count; ++block, blocks += size * kBlockRows) {
    std::int32_t sums[kBlockRows] = {};
    for (std::size_t i = 0; i < size; i += 4) {
      const std::uint8_t* bytes = blocks + i * kBlockRows;
#pragma omp simd
      for (std::size_t row = 0; row < kBlockRows; ++row) {
        for (std::size_t j = 0; j < 4; ++j) sums[row] += (bytes[row * 4 + j] - kZero) * query[i + j];
      }
    }
    const std::size_t first = block * kBlockRows;
    float peak = -INFINITY;
#pragma omp simd reduction(max : peak)
    for (std::size_t row = 0; row < kBlockRows; ++row) {
      const std::size_t at = first + row;
      scores[at] = static_cast<float>(sums[row]) * (query_scale * rows.scale[at]) + rows.offset[at];
      peak = scores[at] > peak ? scores[at] : peak;
    }
    peaks[block] = peak;
  }
}

#if defined(__x86_64__)
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // inside of <immintrin.h>: GCC's bug 105593
#endif
/// One instruction multiplies four dimensions of sixteen rows. It takes rows as unsigned, hence kZero.
__attribute__((target("avx512f,avx512vnni"))) void score_blocks_vnni(const std::uint8_t* blocks, std::size_t count,
                                                                     const std::int8_t* query, std::size_t size,
                                                                     float query_scale, const RowScales& rows,
                                                                     float* scores, float* peaks) {
  std::int32_t query_sum = 0;
  for (std::size_t i = 0; i < size; ++i) query_sum += query[i];
  const __m512i zero = _mm512_set1_epi32(-kZero * query_sum);
  const __m512 unit = _mm512_set1_ps(query_scale);
  for (std::size_t block = 0; block < count; ++block, blocks += size * kBlockRows) {
    __m512i sums = zero;
    for (std::size_t i = 0; i < size; i += 4) {
      std::int32_t four = 0;
      std::memcpy(&four, query + i, sizeof four);
      sums = _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(blocks + i * kBlockRows), _mm512_set1_epi32(four));
    }
    const std::size_t first = block * kBlockRows;
    const __m512 scale = _mm512_mul_ps(unit, _mm512_loadu_ps(rows.scale + first));
    const __m512 offset = _mm512_loadu_ps(rows.offset + first);
    const __m512 score = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), scale, offset);
    _mm512_storeu_ps(scores + first, score);
    peaks[block] = _mm512_reduce_max_ps(score);
  }
}

/// Two products of 16 bits at a time: eight bits each would not fit into the sum of two.
__attribute__((target("avx2,fma"))) void score_blocks_avx2(const std::uint8_t* blocks, std::size_t count,
                                                           const std::int8_t* query, std::size_t size,
                                                           float query_scale, const RowScales& rows, float* scores,
                                                           float* peaks) {
  constexpr std::size_t kFourRows = 16;  // bytes of four dimensions of four rows
  std::int32_t query_sum = 0;
  for (std::size_t i = 0; i < size; ++i) query_sum += query[i];
  const __m256i zero = _mm256_set1_epi32(-kZero * query_sum);
  for (std::size_t block = 0; block < count; ++block, blocks += size * kBlockRows) {
    __m256i sums[4] = {};  // of four rows each: two sums a row
    for (std::size_t i = 0; i < size; i += 4) {
      std::int32_t four = 0;
      std::memcpy(&four, query + i, sizeof four);
      const __m256i wanted = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
      for (std::size_t part = 0; part < 4; ++part) {
        const auto* bytes = reinterpret_cast<const __m128i*>(blocks + i * kBlockRows + part * kFourRows);
        const __m256i values = _mm256_cvtepu8_epi16(_mm_loadu_si128(bytes));
        sums[part] = _mm256_add_epi32(sums[part], _mm256_madd_epi16(values, wanted));
      }
    }
    __m256 highest = _mm256_set1_ps(-INFINITY);
    for (std::size_t half = 0; half < 2; ++half) {
      // The horizontal sum of two registers has rows 0 1 4 5 2 3 6 7.
      const __m256i paired = _mm256_hadd_epi32(sums[2 * half], sums[2 * half + 1]);
      const __m256i product = _mm256_add_epi32(_mm256_permute4x64_epi64(paired, 0b11'01'10'00), zero);
      const std::size_t at = block * kBlockRows + half * 8;
      const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(query_scale), _mm256_loadu_ps(rows.scale + at));
      const __m256 offset = _mm256_loadu_ps(rows.offset + at);
      const __m256 score = _mm256_fmadd_ps(_mm256_cvtepi32_ps(product), scale, offset);
      _mm256_storeu_ps(scores + at, score);
      highest = _mm256_max_ps(highest, score);
    }
    float eight[8];
    _mm256_storeu_ps(eight, highest);
    peaks[block] = *std::max_element(eight, eight + 8);
  }
}
#pragma GCC diagnostic pop
#endif

}  // namespace

float quantise_into_block(const float* values, std::size_t size, std::uint8_t* block, std::size_t row) {
  const float largest = largest_magnitude(values, size);
  const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < size; ++i) {
    const auto rounded = static_cast<std::int32_t>(std::lround(values[i] * inverse));
    block[(i / 4 * kBlockRows + row) * 4 + i % 4] = static_cast<std::uint8_t>(rounded + kZero);
  }
  return largest / 127.0F;
}

float quantise(const float* values, std::size_t size, std::int8_t* out) {
  const float largest = largest_magnitude(values, size);
  const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::int8_t>(std::lround(values[i] * inverse));
  return largest / 127.0F;
}

std::vector<ScoreBlocks*> score_blocks_kernels() {
  std::vector<ScoreBlocks*> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) kernels.push_back(score_blocks_vnni);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back(score_blocks_avx2);
#endif
  kernels.push_back(score_blocks_portable);
  return kernels;
}

void score_blocks(const std::uint8_t* blocks, std::size_t count, const std::int8_t* query, std::size_t size,
                  float query_scale, const RowScales& rows, float* scores, float* peaks) {
  static ScoreBlocks* const fastest = score_blocks_kernels().front();
  fastest(blocks, count, query, size, query_scale, rows, scores, peaks);
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

/// `Blocks` blocks of columns at once: with one sum alone, every addition would wait for the one before.
template <std::size_t Blocks>
inline __attribute__((always_inline)) void add_product_of_blocks(float* out, const float* matrix, const float* x,
                                                                 std::size_t rows, std::size_t columns) {
  Lanes sums[Blocks];
  for (std::size_t block = 0; block < Blocks; ++block) sums[block] = lanes(out + block * kLanes);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = matrix + i * columns;
    for (std::size_t block = 0; block < Blocks; ++block) sums[block] += x[i] * lanes(row + block * kLanes);
  }
  for (std::size_t block = 0; block < Blocks; ++block) lanes(out + block * kLanes) = sums[block];
}

}  // namespace

FRESHET_SIMD void add_product(float* out, const float* matrix, const float* x, std::size_t rows, std::size_t columns) {
  constexpr std::size_t kAtOnce = 4;
  std::size_t from = 0;
  for (; from + kAtOnce * kLanes <= columns; from += kAtOnce * kLanes) {
    add_product_of_blocks<kAtOnce>(out + from, matrix + from, x, rows, columns);
  }
  for (; from < columns; from += kLanes) add_product_of_blocks<1>(out + from, matrix + from, x, rows, columns);
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/quantized_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "online/kernels/simd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace freshet::online {
namespace {

constexpr std::size_t kHalf = 4;           // bytes of a row that are adjacent; each holds two codes
constexpr std::size_t kGroup = 2 * kHalf;  // dimensions in those bytes

FRESHET_SIMD float largest_magnitude(const float* values, std::size_t size) {
  float largest = 0;
#pragma omp simd reduction(max : largest)
  for (std::size_t i = 0; i < size; ++i) {
    const float magnitude = std::fabs(values[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

/// The codes of values between -largest and largest; per_step = 7.5 / largest.
FRESHET_SIMD void encode(const float* values, std::size_t size, float per_step, std::uint8_t* codes) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    codes[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(values[i] * per_step + 8.0F));
  }
}

FRESHET_SIMD void score_blocks_portable(RowBlocks rows, const std::int8_t* query, std::size_t size, float query_scale,
                                        float* scores, float* peaks) {
  for (std::size_t block = 0; block < rows.count; ++block, scores += kBlockRows, rows.next()) {
    std::int32_t sums[kBlockRows] = {};
    for (std::size_t i = 0; i < size; i += kGroup) {
      const std::uint8_t* bytes = rows.codes + block_bytes(i);
#pragma omp simd
      for (std::size_t row = 0; row < kBlockRows; ++row) {
        for (std::size_t j = 0; j < kHalf; ++j) {
          const std::int32_t byte = bytes[row * kHalf + j];
          sums[row] += (2 * (byte & 15) - kCenter) * query[i + j] + (2 * (byte >> 4) - kCenter) * query[i + kHalf + j];
        }
      }
    }
    float peak = -INFINITY;
#pragma omp simd reduction(max : peak)
    for (std::size_t row = 0; row < kBlockRows; ++row) {
      scores[row] = static_cast<float>(sums[row]) * (query_scale * rows.scale[row]) + rows.offset[row];
      peak = scores[row] > peak ? scores[row] : peak;
    }
    peaks[block] = peak;
  }
}

/// A code c stands for 2 c - kCenter; this is the second term's share of every product with the query.
std::int32_t center_of(const std::int8_t* query, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += query[i];
  return -kCenter * sum;
}

#if defined(__x86_64__)
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // inside of <immintrin.h>: GCC's bug 105593
#endif
__attribute__((target("avx512f"))) inline __m512i broadcast_four(const std::int8_t* values) {
  std::int32_t four = 0;
  std::memcpy(&four, values, sizeof four);
  return _mm512_set1_epi32(four);
}

/// One instruction multiplies four dimensions of sixteen rows. The upper halves of bytes are not shifted down, so their
/// sums are 16 times too large; one shift at the end corrects that.
__attribute__((target("avx512f,avx512vnni"))) void score_blocks_vnni(RowBlocks rows, const std::int8_t* query,
                                                                     std::size_t size, float query_scale, float* scores,
                                                                     float* peaks) {
  const __m512i center = _mm512_set1_epi32(center_of(query, size));
  const __m512i lower_half = _mm512_set1_epi8(0x0F), upper_half = _mm512_set1_epi8(static_cast<char>(0xF0));
  const __m512 unit = _mm512_set1_ps(query_scale);
  for (std::size_t block = 0; block < rows.count; ++block, scores += kBlockRows, rows.next()) {
    __m512i lower = _mm512_setzero_si512(), upper = _mm512_setzero_si512();
    for (std::size_t i = 0; i < size; i += kGroup) {
      const __m512i codes = _mm512_loadu_si512(rows.codes + block_bytes(i));
      lower = _mm512_dpbusd_epi32(lower, _mm512_and_si512(codes, lower_half), broadcast_four(query + i));
      upper = _mm512_dpbusd_epi32(upper, _mm512_and_si512(codes, upper_half), broadcast_four(query + i + kHalf));
    }
    const __m512i codes = _mm512_add_epi32(_mm512_slli_epi32(lower, 1), _mm512_srai_epi32(upper, 3));  // 2 c * query
    const __m512i product = _mm512_add_epi32(codes, center);
    const __m512 scale = _mm512_mul_ps(unit, _mm512_loadu_ps(rows.scale));
    const __m512 offset = _mm512_loadu_ps(rows.offset);
    const __m512 score = _mm512_fmadd_ps(_mm512_cvtepi32_ps(product), scale, offset);
    _mm512_storeu_ps(scores, score);
    peaks[block] = _mm512_reduce_max_ps(score);
  }
}

/// 16 bits hold the sum of four products: at most 4 * 15 * 127.
__attribute__((target("avx2,fma"))) void score_blocks_avx2(RowBlocks rows, const std::int8_t* query, std::size_t size,
                                                           float query_scale, float* scores, float* peaks) {
  const __m256i center = _mm256_set1_epi32(center_of(query, size));
  const __m256i lower_half = _mm256_set1_epi8(0x0F), ones = _mm256_set1_epi16(1);
  for (std::size_t block = 0; block < rows.count; ++block, scores += kBlockRows, rows.next()) {
    __m256i sums[2] = {};  // of eight rows each
    for (std::size_t i = 0; i < size; i += kGroup) {
      std::int32_t first_four = 0, last_four = 0;
      std::memcpy(&first_four, query + i, sizeof first_four);
      std::memcpy(&last_four, query + i + kHalf, sizeof last_four);
      for (std::size_t half = 0; half < 2; ++half) {
        const auto* bytes = reinterpret_cast<const __m256i*>(rows.codes + block_bytes(i) + half * sizeof(__m256i));
        const __m256i codes = _mm256_loadu_si256(bytes);
        const __m256i lower = _mm256_and_si256(codes, lower_half);
        const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(codes, 4), lower_half);
        const __m256i pairs = _mm256_add_epi16(_mm256_maddubs_epi16(lower, _mm256_set1_epi32(first_four)),
                                               _mm256_maddubs_epi16(upper, _mm256_set1_epi32(last_four)));
        sums[half] = _mm256_add_epi32(sums[half], _mm256_madd_epi16(pairs, ones));
      }
    }
    __m256 highest = _mm256_set1_ps(-INFINITY);
    for (std::size_t half = 0; half < 2; ++half) {
      const __m256i product = _mm256_add_epi32(_mm256_slli_epi32(sums[half], 1), center);
      const std::size_t at = half * 8;
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

float quantize_into_block(const float* values, std::size_t size, std::uint8_t* block, std::size_t row) {
  const float largest = largest_magnitude(values, size);
  const float per_step = largest > 0 ? 7.5F / largest : 0.0F;
  std::uint8_t codes[16 * kGroup];
  for (std::size_t from = 0; from < size; from += sizeof codes) {
    const std::size_t count = std::min(size - from, sizeof codes);
    encode(values + from, count, per_step, codes);
    for (std::size_t i = 0; i < count; i += kGroup) {
      std::uint8_t* bytes = block + block_bytes(from + i) + row * kHalf;
      for (std::size_t j = 0; j < kHalf; ++j) {
        bytes[j] = static_cast<std::uint8_t>(codes[i + j] | codes[i + kHalf + j] << 4);
      }
    }
  }
  return largest / static_cast<float>(kCenter);
}

void read_from_block(const std::uint8_t* block, std::size_t row, float scale, std::size_t size, float* values) {
  for (std::size_t i = 0; i < size; i += kGroup) {
    const std::uint8_t* bytes = block + block_bytes(i) + row * kHalf;
    for (std::size_t j = 0; j < kHalf; ++j) {
      values[i + j] = scale * static_cast<float>(2 * (bytes[j] & 15) - kCenter);
      values[i + kHalf + j] = scale * static_cast<float>(2 * (bytes[j] >> 4) - kCenter);
    }
  }
}

void copy_in_blocks(const std::uint8_t* from, std::size_t from_row, std::size_t size, std::uint8_t* to,
                    std::size_t to_row) {
  for (std::size_t i = 0; i < size; i += kGroup) {
    std::memcpy(to + block_bytes(i) + to_row * kHalf, from + block_bytes(i) + from_row * kHalf, kHalf);
  }
}

float quantize(const float* values, std::size_t size, std::int8_t* out) {
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

void score_blocks(RowBlocks rows, const std::int8_t* query, std::size_t size, float query_scale, float* scores,
                  float* peaks) {
  static ScoreBlocks* const fastest = score_blocks_kernels().front();
  fastest(rows, query, size, query_scale, scores, peaks);
}

FRESHET_SIMD std::uint32_t reaching(const float* values, float threshold) {
  std::uint32_t bits = 0;
#pragma omp simd reduction(| : bits)
  for (std::size_t i = 0; i < kBlockRows; ++i) bits |= (values[i] >= threshold ? 1U : 0U) << i;
  return bits;
}

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/simd.h"

/// Numeric inner loops of serving the learned parts.
namespace freshet::online {

float dot(const float* a, const float* b, std::size_t size);
inline float squared(std::span<const float> vector) { return dot(vector.data(), vector.data(), vector.size()); }

/// Quantised rows are kept in blocks of kBlockRows, four dimensions of a row side by side, as AVX-512 VNNI multiplies
/// them: byte (i / 4 * kBlockRows + row) * 4 + i % 4 of a block is dimension i of row `row`, plus kZero.
inline constexpr std::size_t kBlockRows = 16;
inline constexpr std::int32_t kZero = 128;

/// Rounds `values` to 8 bits with one scale into lane `row` of a block. Returns the scale: value = scale * (byte -
/// kZero). `size` is a multiple of 4.
float quantise_into_block(const float* values, std::size_t size, std::uint8_t* block, std::size_t row);

/// Rounds `values` to 8 bits with one scale. Returns the scale: value = scale * byte.
float quantise(const float* values, std::size_t size, std::int8_t* out);

/// What a scan makes of the products of rows: score = product * scale * the query's scale + offset.
struct RowScales {
  const float* scale = nullptr;
  const float* offset = nullptr;
};

/// scores[row] of every row of `count` blocks, from its product with `query` as they were rounded (exact in integers);
/// peaks[block] is the largest score of a block. `size` is a multiple of 4.
using ScoreBlocks = void(const std::uint8_t* blocks, std::size_t count, const std::int8_t* query, std::size_t size,
                         float query_scale, const RowScales& rows, float* scores, float* peaks);

ScoreBlocks score_blocks;

/// Every implementation that this CPU can run, the fastest first, which is what score_blocks() uses.
std::vector<ScoreBlocks*> score_blocks_kernels();

void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// out[j] += sum over i of x[i] * matrix[i * columns + j]. `columns` is a multiple of kLanes.
void add_product(float* out, const float* matrix, const float* x, std::size_t rows, std::size_t columns);

}  // namespace freshet::online

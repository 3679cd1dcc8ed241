// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Embedding rows quantized to 4 bits per dimension, for scans. A scan is bound by memory bandwidth, and they take an
/// eighth of the memory of floats.
/// Threads: any; no shared state.
namespace freshet::online {

/// The layout: blocks of kBlockRows rows, in the order in which AVX-512 VNNI multiplies them. For each dimension i with
/// i % 8 < 4, byte (i / 8 * kBlockRows + row) * 4 + i % 4 of a block holds the row's code of dimension i in its lower
/// half, and that of dimension i + 4 in its upper half. A code c stands for (2 c - kCenter) times the row's scale.
inline constexpr std::size_t kBlockRows = 16;
inline constexpr std::int32_t kCenter = 15;
/// Bytes of a block's codes for `size` dimensions.
constexpr std::size_t block_bytes(std::size_t size) { return kBlockRows * size / 2; }

/// Quantizes `values` with one scale into row `row` of a block. Returns the scale. `size` is a multiple of 8.
float quantize_into_block(const float* values, std::size_t size, std::uint8_t* block, std::size_t row);

/// The values that row `row` of a block stands for.
void read_from_block(const std::uint8_t* block, std::size_t row, float scale, std::size_t size, float* values);

/// Copies the codes of one row of a block to a row of another block.
void copy_in_blocks(const std::uint8_t* from, std::size_t from_row, std::size_t size, std::uint8_t* to,
                    std::size_t to_row);

/// Quantizes `values`, a query, to 8 bits with one scale. Returns the scale: value = scale * byte.
float quantize(const float* values, std::size_t size, std::int8_t* out);

/// Blocks of rows, as a scan reads them. A row's score is product * scale * query_scale + offset, where the product of
/// row and query is an exact integer.
struct RowBlocks {
  const std::uint8_t* codes = nullptr;   ///< of the first block
  const float* scale = nullptr;          ///< of the first block's rows
  const float* offset = nullptr;         ///< of the first block's rows
  std::size_t count = 0;                 ///< blocks
  std::size_t code_stride = 0;           ///< bytes from one block's codes to the next one's
  std::size_t lane_stride = kBlockRows;  ///< floats from one block's scales (and offsets) to the next one's

  /// Goes to the next block.
  void next() {
    codes += code_stride;
    scale += lane_stride;
    offset += lane_stride;
  }
};

/// Writes the score of every row of the blocks to `scores`, and the largest score of every block to `peaks`. `query`
/// and query_scale are from quantize(); `size` is the dimension, a multiple of 8.
using ScoreBlocks = void(RowBlocks rows, const std::int8_t* query, std::size_t size, float query_scale, float* scores,
                         float* peaks);

ScoreBlocks score_blocks;

/// Every implementation that this CPU can run, the fastest first. score_blocks() uses the first.
std::vector<ScoreBlocks*> score_blocks_kernels();

/// Bit i of the result says whether values[i] >= threshold, for i < kBlockRows.
std::uint32_t reaching(const float* values, float threshold);

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Rows of embeddings in 4 bits a dimension, as a scan reads them: an eighth of the memory of their floats, which is
/// what a scan waits for.
namespace freshet::online {

/// They lie in blocks of kBlockRows, as AVX-512 VNNI multiplies them. For dimensions i, i % 8 < 4: byte (i / 8 *
/// kBlockRows + row) * 4 + i % 4 of a block holds row `row`'s code of dimension i in its lower half, that of i + 4 in
/// its upper half. A code c stands for (2 c - kCentre) times the row's scale.
inline constexpr std::size_t kBlockRows = 16;
inline constexpr std::int32_t kCentre = 15;
constexpr std::size_t block_bytes(std::size_t size) { return kBlockRows * size / 2; }

/// Rounds `values` to codes with one scale, in lane `row` of a block. Returns the scale. `size` is a multiple of 8.
float quantize_into_block(const float* values, std::size_t size, std::uint8_t* block, std::size_t row);

/// The values that lane `row` of a block has been rounded to.
void read_from_block(const std::uint8_t* block, std::size_t row, float scale, std::size_t size, float* values);

/// Copies one lane to another, bit by bit.
void copy_in_blocks(const std::uint8_t* from, std::size_t from_row, std::size_t size, std::uint8_t* to,
                    std::size_t to_row);

/// Rounds `values` to 8 bits with one scale. Returns the scale: value = scale * byte.
float quantize(const float* values, std::size_t size, std::int8_t* out);

/// Blocks of rows, and what a scan makes of a row's product: score = product * scale * the query's scale + offset.
struct RowBlocks {
  const std::uint8_t* codes = nullptr;   ///< of the first block
  const float* scale = nullptr;          ///< of its rows
  const float* offset = nullptr;         ///< of its rows
  std::size_t count = 0;                 ///< blocks
  std::size_t code_stride = 0;           ///< bytes from one block's codes to the next one's
  std::size_t lane_stride = kBlockRows;  ///< floats from one block's scales to the next one's, and offsets

  void next() {
    codes += code_stride;
    scale += lane_stride;
    offset += lane_stride;
  }
};

/// scores[row] of every row of the blocks, from its product with `query` as they were rounded (exact in integers);
/// peaks[block] is the largest score of a block. `size` is a multiple of 8.
using ScoreBlocks = void(RowBlocks rows, const std::int8_t* query, std::size_t size, float query_scale, float* scores,
                         float* peaks);

ScoreBlocks score_blocks;

/// Every implementation that this CPU can run, the fastest first, which is what score_blocks() uses.
std::vector<ScoreBlocks*> score_blocks_kernels();

/// Bit i of the result: values[i], one of kBlockRows, is at least `threshold`.
std::uint32_t reaching(const float* values, float threshold);

}  // namespace freshet::online

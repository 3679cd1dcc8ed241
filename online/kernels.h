#pragma once

#include <cstddef>
#include <cstdint>

/// Numeric inner loops of the LSTM session model's serving side.
namespace freshet::online {

float dot(const float* a, const float* b, std::size_t size);

/// Rows of int8 are kept in blocks of kBlockRows, dimension by dimension, so that a scan needs no sum across a
/// register.
inline constexpr std::size_t kBlockRows = 16;

/// out[r] = sum over i of block[i * kBlockRows + r] * query[i]: the dot products of one block.
void scan_block(const std::int8_t* block, const float* query, std::size_t size, float* out);

/// Rounds `values` to int8 with one scale (value = scale * int8) into lane `row` of a block. Returns the scale.
float quantise_into_block(const float* values, std::size_t size, std::int8_t* block, std::size_t row);

void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// out[j] += sum over i of x[i] * matrix[i * columns + j]. `columns` is a multiple of kLanes.
inline constexpr std::size_t kLanes = 16;
void add_product(float* out, const float* matrix, const float* x, std::size_t rows, std::size_t columns);

}  // namespace freshet::online

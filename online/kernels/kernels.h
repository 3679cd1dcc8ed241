#pragma once

#include <cstddef>
#include <span>

#include "online/kernels/simd.h"

/// Numeric inner loops of serving the learned parts.
namespace freshet::online {

float dot(const float* a, const float* b, std::size_t size);
inline float squared(std::span<const float> vector) { return dot(vector.data(), vector.data(), vector.size()); }

/// sum += factor * x, of [n] both.
void add_scaled(const float* x, float factor, std::size_t n, float* sum);

void exponential(float* values, std::size_t size);
void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// out[r][j] += sum over i of x[r][i] * matrix[i][j], for r < rows, i < inner, j < columns. `columns` is a multiple of
/// kLanes.
/// Cost: reads the matrix once for up to four rows.
void add_product(float* out, const float* matrix, const float* x, std::size_t inner, std::size_t columns,
                 std::size_t rows = 1);

}  // namespace freshet::online

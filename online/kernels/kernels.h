// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "online/kernels/simd.h"

/// Numeric inner loops. Each is one loop that the compiler turns into SIMD; tests/unit/online/kernels compares it with
/// the plain definition.
/// Threads: any; no shared state.
namespace freshet::online {

/// Dot product.
float dot(const float* a, const float* b, std::size_t size);
/// out[n] = the dot product of x with row n of `rows`, [count][size].
void dot_each(const float* x, const float* rows, std::size_t count, std::size_t size, float* out);
/// Squared Euclidean norm.
inline float squared(std::span<const float> vector) { return dot(vector.data(), vector.data(), vector.size()); }

/// sum[i] += factor * x[i], for i < n.
void add_scaled(const float* x, float factor, std::size_t n, float* sum);

/// One Adagrad step: adds the squares of the gradient to `squares`, and moves the weights against it. The gradient is
/// zero afterwards.
void adagrad(float* weights, float* squares, float* gradient, std::size_t n, float rate);

/// In place, for each value: e^x (to about 1e-7 relative), 1 / (1 + e^-x), tanh x. Exponents are clamped to -87 .. 88.
void exponential(float* values, std::size_t size);
void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// out[r][j] += sum over i of x[r][i] * matrix[i][j], for r < rows, i < inner, j < columns.
/// REQUIRES: `columns` is a multiple of kLanes
/// Cost:     reads the matrix once per four rows.
void add_product(float* out, const float* matrix, const float* x, std::size_t inner, std::size_t columns,
                 std::size_t rows = 1);

}  // namespace freshet::online

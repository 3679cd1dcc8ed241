#pragma once

#include <cstddef>
#include <span>

#include "online/simd.h"

/// Numeric inner loops of serving the learned parts.
namespace freshet::online {

float dot(const float* a, const float* b, std::size_t size);
inline float squared(std::span<const float> vector) { return dot(vector.data(), vector.data(), vector.size()); }

void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// out[j] += sum over i of x[i] * matrix[i * columns + j]. `columns` is a multiple of kLanes.
void add_product(float* out, const float* matrix, const float* x, std::size_t rows, std::size_t columns);

}  // namespace freshet::online

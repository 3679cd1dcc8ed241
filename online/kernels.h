#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// Numeric inner loops, compiled for several instruction sets and chosen at start (except under a sanitizer, whose runtime
/// is not up yet when the choice is made).
#if defined(FRESHET_SANITIZED) || !defined(__x86_64__)
#define FRESHET_CLONES
#else
#define FRESHET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

namespace freshet::online {

float dot(const float* a, const float* b, std::size_t size);

/// Rows of int8 are kept in blocks of kBlockRows, dimension by dimension, so that a scan needs no sum across a register.
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

/// One hidden ReLU layer plus a linear path: score = relu(x W1 + b1) w2 + x linear, x being the standardised features.
/// `hidden` is a multiple of 8.
struct MlpView {
  std::size_t inputs, hidden;
  const float *mean, *inverse_deviation, *w1, *b1, *w2, *linear;
};

/// `work` holds inputs + hidden floats.
void mlp_score(const MlpView& mlp, const float* features, std::size_t rows, float* work, float* scores);

/// Adds the gradients of one row, `gradient` being the loss's derivative by its score. `work` as above.
struct MlpGradients {
  float *w1, *b1, *w2, *linear;
};
void mlp_accumulate(const MlpView& mlp, const float* features, float gradient, float* work, const MlpGradients& out);

}  // namespace freshet::online

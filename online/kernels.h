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

/// y += factor * x
void add_scaled(float* y, const float* x, float factor, std::size_t size);

/// Rows of int8 are kept in blocks of kBlockRows, dimension by dimension, so that a scan needs no sum across a register.
inline constexpr std::size_t kBlockRows = 16;

/// out[r] = sum over i of block[i * kBlockRows + r] * query[i]: the dot products of one block.
void scan_block(const std::int8_t* block, const float* query, std::size_t size, float* out);

/// Rounds `values` to int8 with one scale (value = scale * int8) into lane `row` of a block. Returns the scale.
float quantise_into_block(const float* values, std::size_t size, std::int8_t* block, std::size_t row);

void sigmoid(float* values, std::size_t size);
void hyperbolic_tangent(float* values, std::size_t size);

/// One hidden ReLU layer plus a linear path over `rows` rows of `inputs` features:
/// scores = relu(x W1 + b1) w2 + x linear, x being the standardised features. `work` holds hidden floats.
struct MlpView {
  std::size_t inputs, hidden;
  const float *mean, *inverse_deviation, *w1, *b1, *w2, *linear;
};
void mlp_score(const MlpView& mlp, const float* features, std::size_t rows, float* work, float* scores);

/// x = clip((features - mean) * inverse_deviation)
void standardise(const MlpView& mlp, const float* features, float* x);

}  // namespace freshet::online

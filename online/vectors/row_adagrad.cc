// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/row_adagrad.h"

#include <algorithm>
#include <cmath>

#include "online/kernels/simd.h"

namespace freshet::online {
namespace {

constexpr float kEpsilon = 1e-7F;

FRESHET_SIMD void step_each(float* values, const float* gradient, float* squares, std::size_t size, float rate) {
#pragma omp simd
  for (std::size_t i = 0; i < size; ++i) {
    squares[i] += gradient[i] * gradient[i];
    values[i] -= rate * gradient[i] / (std::sqrt(squares[i]) + kEpsilon);
  }
}

}  // namespace

void adagrad_step(std::span<float> values, std::span<const float> gradient, std::span<float> squares, float rate) {
  step_each(values.data(), gradient.data(), squares.data(), values.size(), rate);
}

void RowAdagrad::reset(std::uint32_t row) {
  const std::size_t width = dimension_ + 1;
  squares_.resize(std::max(squares_.size(), (row + std::size_t{1}) * width));
  std::fill_n(squares_.begin() + static_cast<std::ptrdiff_t>(row * width), width, 0.0F);
}

void RowAdagrad::step(EmbeddingTable& table, std::uint32_t row, std::span<const float> gradient, float bias_gradient) {
  const std::span<float> squares(squares_.data() + row * (dimension_ + 1), dimension_ + 1);
  const float* old = table.live().vector(row);
  vector_.assign(old, old + dimension_);
  adagrad_step(vector_, gradient, squares.first(dimension_), rate_);
  float bias = table.live().scalars(row).bias;
  adagrad_step({&bias, 1}, {&bias_gradient, 1}, squares.last(1), rate_);
  table.write(row, vector_, bias);
}

bool RowAdagrad::load(ByteReader& in, std::size_t rows) {
  squares_ = in.array<float>();
  return in.ok() && squares_.size() == rows * (dimension_ + 1);
}

}  // namespace freshet::online

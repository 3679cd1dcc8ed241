// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "online/containers/numbering.h"
#include "online/kernels/kernels.h"
#include "online/kernels/simd.h"

namespace freshet::online {

/// Gradients of a training step by row, summed up. No allocation once it has grown to the usual size.
/// Threads: one.
class RowGradients {
 public:
  explicit RowGradients(std::size_t dimension) : dimension_(dimension) {}

  /// Adds `factor` times a vector to the gradient of the row.
  void add(std::uint32_t row, const float* vector, float factor) {
    const std::size_t end = (numbers_.insert(row) + std::size_t{1}) * dimension_;
    if (sums_.size() < end) sums_.resize(end, 0.0F);
    add_scaled(vector, factor, dimension_, &sums_[end - dimension_]);
  }

  /// Rows that have a gradient, in the order of their first one.
  const std::vector<std::uint32_t>& rows() const { return numbers_.keys(); }
  /// Of rows()[n].
  std::span<const float> sum(std::size_t n) const { return {&sums_[n * dimension_], dimension_}; }

  void clear() {
    numbers_.clear();
    sums_.clear();
  }

 private:
  const std::size_t dimension_;
  Numbering numbers_;
  AlignedVector<float> sums_;  // [rows()][dimension]
};

}  // namespace freshet::online

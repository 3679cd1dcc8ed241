// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "online/kernels/simd.h"

namespace freshet::online {

/// How a session is read: with s the weighted mean of its newest items' vectors, its own vector is s + s `map`, and an item
/// scores `sharpness` times the dot product with that. The map begins at zero, so that what is similar comes first, and
/// learns what goes with what without being similar to it.
struct SessionWeights {
  static constexpr std::size_t kItems = 12;

  explicit SessionWeights(std::size_t the_dimension)
      : dimension(the_dimension), map(the_dimension * the_dimension, 0.0F) {}

  /// Writes s, of the vectors of at most kItems items, newest first; returns the sum of their weights.
  float mean(std::span<const float* const> newest, float* out) const;
  /// Writes s + s map, for the s of so many sessions.
  void transform(const float* means, float* out, std::size_t sessions = 1) const;

  void save(ByteWriter& out) const;
  /// False if the bytes are not saved weights of this dimension.
  bool load(ByteReader& in);

  std::size_t dimension;
  std::array<float, kItems> of_item{1,     0.45F, 0.3F,  0.22F, 0.17F, 0.14F,
                                    0.12F, 0.1F,  0.09F, 0.08F, 0.07F, 0.06F};  ///< the newest first
  float sharpness = 8;
  AlignedVector<float> map;  ///< [dimension][dimension]
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"

namespace freshet::online {

/// A convolutional network over the words of a title (Kim, EMNLP 2014): filters of one to kWidths words, each with the
/// strongest answer that it gets anywhere in the title, mapped to the space of items. So it sees which words stand
/// together, which a sum of words does not. The map begins at zero: the network begins without effect.
/// Threads: one.
/// Cost:    3 kFilters dot products of the items' dimension per word, forward; backward, 4 kFilters in all.
class TextCnn {
 public:
  static constexpr std::size_t kFilters = 32, kWidths = 3;
  static constexpr std::size_t kWords = 16;  ///< of a title that are read

  /// What backward() needs of the last forward().
  struct Pooled {
    std::array<float, kFilters * kWidths> values{};          ///< the strongest answer of each filter, or 0
    std::array<std::uint32_t, kFilters * kWidths> places{};  ///< its first word
  };

  TextCnn(std::size_t dimension, std::uint64_t seed);

  /// Adds the title's part to `sum`. `words`: their vectors, in order; those behind kWords are not read.
  void forward(std::span<const float* const> words, Pooled& pooled, float* sum) const;

  /// Adds to the gradients of the weights, and to those of the words: [word][dimension], for as many as are read.
  /// `pooled`: of forward() with the same words.
  void backward(std::span<const float* const> words, const Pooled& pooled, const float* d_sum, float* d_words);
  /// One Adagrad step by what backward() has added up.
  void step();

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state of this dimension.
  bool load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  /// Numbers of one kind, with what their steps need.
  struct Weights {
    AlignedVector<float> values, gradients, squares;
  };

  std::size_t width(std::size_t filter) const { return filter / kFilters + 1; }
  std::size_t filter_at(std::size_t filter) const;

  const std::size_t dimension_;
  Weights filters_;  // one after the other, each [width][dimension]
  Weights biases_;   // [filter]
  Weights map_;      // [filter][dimension]
  bool has_gradients_ = false;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

/// One Adagrad step per element: squares += gradient^2; values -= rate * gradient / (sqrt(squares) + 1e-7).
void adagrad_step(std::span<float> values, std::span<const float> gradient, std::span<float> squares, float rate);

/// Sparse Adagrad on the rows of an EmbeddingTable, biases included (Duchi, Hazan and Singer, JMLR 2011). A row without
/// a gradient costs nothing, and the row of a rare item keeps a large step size.
/// Threads: learner thread only.
class RowAdagrad {
 public:
  RowAdagrad(std::size_t dimension, double rate) : dimension_(dimension), rate_(static_cast<float>(rate)) {}

  /// Clears the row's accumulators, for a row that has just been given to an item.
  void reset(std::uint32_t row);

  /// Steps vector and bias of a row.
  /// REQUIRES: reset(row) was called before
  void step(EmbeddingTable& table, std::uint32_t row, std::span<const float> gradient, float bias_gradient);

  void save(ByteWriter& out) const { out.array(std::span<const float>(squares_)); }
  /// False if the bytes are not a saved state for a table of `rows` rows.
  bool load(ByteReader& in, std::size_t rows);
  std::size_t memory_bytes() const { return squares_.capacity() * sizeof(float); }

 private:
  const std::size_t dimension_;
  const float rate_;
  std::vector<float> squares_;  // [rows][dimension + 1], the bias last
  std::vector<float> vector_;   // buffer of step()
};

}  // namespace freshet::online

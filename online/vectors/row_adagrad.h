#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

/// One Adagrad step per element: squares += gradient^2; values -= rate * gradient / sqrt(squares).
void adagrad_step(std::span<float> values, std::span<const float> gradient, std::span<float> squares, float rate);

/// Sparse Adagrad on the rows of an EmbeddingTable, the bias included (Duchi, Hazan and Singer, JMLR 2011): a row that
/// gets no gradient costs nothing, and a rare item still learns fast.
/// Threads: learner thread only.
class RowAdagrad {
 public:
  RowAdagrad(std::size_t dimension, double rate) : dimension_(dimension), rate_(static_cast<float>(rate)) {}

  /// The row has just been given to an item.
  void reset(std::uint32_t row);

  /// REQUIRES: reset(row) was called once
  void step(EmbeddingTable& table, std::uint32_t row, std::span<const float> gradient, float bias_gradient);

  void save(ByteWriter& out) const { out.array(std::span<const float>(squares_)); }
  /// False if it is not the saved state for a table of so many rows.
  bool load(ByteReader& in, std::size_t rows);
  std::size_t memory_bytes() const { return squares_.capacity() * sizeof(float); }

 private:
  const std::size_t dimension_;
  const float rate_;
  std::vector<float> squares_;  // [rows][dimension + 1], the bias last
  std::vector<float> vector_;   // buffer of step()
};

}  // namespace freshet::online

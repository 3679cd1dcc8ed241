// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace freshet::online {

/// The examples of one training step, and a small dense table of the embedding rows in them. "Table row" is an index
/// into that table.
/// Shapes: n = table rows, d = dimension, b = examples, c = classes.
struct SequenceBatch {
  std::vector<float> vectors;                      ///< [n][d]
  std::vector<float> biases;                       ///< [c]
  std::vector<std::uint32_t> classes;              ///< [c] table rows of the softmax: targets and negatives
  std::vector<float> correction;                   ///< [c] log prior - log probability of being sampled
  std::vector<std::vector<std::uint32_t>> inputs;  ///< [b] table rows, oldest first, never empty
  std::vector<std::uint32_t> targets;              ///< [b] index into classes
  std::vector<std::uint32_t> excluded;             ///< [b] class that cannot be the target (last item), or kNoRow
  std::vector<float> weights;                      ///< [b]
};

/// Saves the batch except for vectors and biases, which the caller has in its own tables.
void save_structure(ByteWriter& out, const SequenceBatch& batch);

/// Loads what save_structure() wrote, for a table of `rows` rows. Cuts longer inputs down to the newest `most_inputs`.
/// False if the bytes are not such a batch.
bool load_structure(ByteReader& in, std::size_t rows, std::size_t most_inputs, SequenceBatch& batch);

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace freshet::online {

/// One training step's worth of examples over a small dense table of the rows that they touch. Numbers are indexes into
/// that table.
/// Shapes: n = table rows, d = dimension, b = examples, c = classes.
struct SequenceBatch {
  std::vector<float> vectors;                      ///< [n][d]
  std::vector<float> biases;                       ///< [c], of the classes
  std::vector<std::uint32_t> classes;              ///< [c] table rows that compete: targets and negatives
  std::vector<float> correction;                   ///< [c] log prior - log probability of having been drawn
  std::vector<std::vector<std::uint32_t>> inputs;  ///< [b] table rows, oldest first, never empty
  std::vector<std::uint32_t> targets;              ///< [b] index into classes
  std::vector<std::uint32_t>
      excluded;                ///< [b] index into classes that is no possible answer (the last item), or kNoRow
  std::vector<float> weights;  ///< [b]
};

/// Of what is oldest first.
inline void keep_newest(std::vector<std::uint32_t>& items, std::size_t most) {
  if (items.size() > most) items.erase(items.begin(), items.end() - static_cast<std::ptrdiff_t>(most));
}

/// All but vectors and biases, which whoever saves has elsewhere.
void save_structure(ByteWriter& out, const SequenceBatch& batch);

/// False if it is not the structure of a batch over a table of `rows` rows. Of longer inputs only the newest
/// `most_inputs` are taken.
bool load_structure(ByteReader& in, std::size_t rows, std::size_t most_inputs, SequenceBatch& batch);

}  // namespace freshet::online

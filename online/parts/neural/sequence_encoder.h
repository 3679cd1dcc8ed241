// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace freshet::online {

/// The encoder of a sequence model: turns the embeddings of past items into one vector, whose dot product with an
/// item's embedding scores the item as the next one. Sequence models differ in it. This is the serving side, in plain
/// C++; a SequenceNetwork (online/parts/neural/sequence_network.h) is the same formula in LibTorch, for training.
/// Threads: any; immutable.
class SequenceEncoder {
 public:
  virtual ~SequenceEncoder() = default;

  /// Writes the vector for `inputs`, embeddings oldest first, to `out`, and resizes it to the dimension.
  /// REQUIRES: inputs is not empty
  virtual void encode(std::span<const float* const> inputs, std::vector<float>& out) const = 0;
};

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace freshet::online {

/// What makes one sequence model another: how the embeddings of the items that came before become a vector whose dot
/// product with an item's embedding says how well the item follows. The serving side, in plain C++; LibTorch's side of
/// the same formula is a SequenceNetwork (online/parts/neural/sequence_network.h).
/// Threads: any; immutable.
class SequenceEncoder {
 public:
  virtual ~SequenceEncoder() = default;

  /// `inputs`: embeddings, oldest first. `out` is resized to their dimension.
  /// REQUIRES: inputs is not empty
  virtual void encode(std::span<const float* const> inputs, std::vector<float>& out) const = 0;
};

}  // namespace freshet::online

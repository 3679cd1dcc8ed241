// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "online/parts/neural/sequence_encoder.h"
#include "online/parts/neural/sequence_trainer.h"
#include "online/parts/neural/tensors.h"

namespace freshet::online {

/// The encoder of a sequence model in LibTorch, for training: the formula of its SequenceEncoder over a batch, with
/// gradients. Only sources of online/parts/neural/ may include this header.
/// Threads: one.
/// Errors:  throws c10::Error; SequenceTrainer turns it into an abort.
class SequenceNetwork {
 public:
  virtual ~SequenceNetwork() = default;

  /// [b][d]: the vectors of the examples, in the batch's order. `vectors` is the batch's table, as a leaf of the graph.
  virtual torch::Tensor encode(const SequenceBatch& batch, const torch::Tensor& vectors) const = 0;

  /// All weights, in the order in which they are saved; always the same objects.
  virtual std::vector<Weight*> weights() = 0;

  /// The weights as they are now, laid out for serving.
  virtual std::shared_ptr<const SequenceEncoder> encoder() const = 0;
};

/// The embedding of each example's newest item, [b][d].
inline torch::Tensor last_vectors(const SequenceBatch& batch, const torch::Tensor& vectors) {
  std::vector<std::uint32_t> last;
  for (const auto& inputs : batch.inputs) last.push_back(inputs.back());
  return vectors.index_select(0, index_tensor(last));
}

}  // namespace freshet::online

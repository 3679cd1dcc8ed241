#pragma once

#include <memory>
#include <vector>

#include "online/parts/neural/sequence_encoder.h"
#include "online/parts/neural/sequence_trainer.h"
#include "online/parts/neural/tensors.h"

namespace freshet::online {

/// LibTorch's side of a SequenceEncoder: the same formula, over a batch, with gradients. Only sources of online/parts/neural/
/// may include it.
/// Threads: one. Errors: throws c10::Error; SequenceTrainer turns it into an abort.
class SequenceNetwork {
 public:
  virtual ~SequenceNetwork() = default;

  /// [b][d]: a vector per example of the batch, in its order. `vectors` is the batch's table, as a leaf.
  virtual torch::Tensor encode(const SequenceBatch& batch, const torch::Tensor& vectors) const = 0;

  /// In the order in which they are saved; always the same objects.
  virtual std::vector<Weight*> weights() = 0;

  /// The weights as they are now, laid out for serving.
  virtual std::shared_ptr<const SequenceEncoder> encoder() const = 0;
};

/// The newest item of each example, [b][d].
inline torch::Tensor last_vectors(const SequenceBatch& batch, const torch::Tensor& vectors) {
  std::vector<std::uint32_t> last;
  for (const auto& inputs : batch.inputs) last.push_back(inputs.back());
  return vectors.index_select(0, index_tensor(last));
}

}  // namespace freshet::online

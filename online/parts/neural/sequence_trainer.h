#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "online/kernels/simd.h"
#include "online/parts/neural/sequence_batch.h"
#include "online/parts/neural/sequence_encoder.h"

namespace freshet::online {

class SequenceNetwork;

/// Gradients of the mean loss with respect to the batch's rows.
struct SequenceGradients {
  float loss = 0;
  AlignedVector<float> vectors;  ///< [n][d]
  AlignedVector<float> biases;   ///< [c]
};

/// LibTorch's side of a sequence model: owns the network, computes gradients of the sampled softmax, and steps the
/// network's weights with Adagrad. The embeddings belong to EmbeddingTable.
/// Threads:  gradients() by one, which may be another than the owner's; encoder() and save() meanwhile; nothing else.
/// Errors:   a c10::Error is our bug and aborts with its message.
class SequenceTrainer {
 public:
  SequenceTrainer(std::unique_ptr<SequenceNetwork> network, std::size_t dimension, double learning_rate);
  ~SequenceTrainer();

  /// Forward and backward. Returned are the gradients of the rows, for the caller; those of the network's weights wait
  /// for step_weights().
  SequenceGradients gradients(const SequenceBatch& batch);

  /// One step of the network's weights by the gradients of the last batch.
  void step_weights();

  /// Vectors [b][d] by LibTorch, for tests that compare them with the encoder's.
  AlignedVector<float> encode(const SequenceBatch& batch) const;

  /// The weights as they are now, laid out for serving.
  std::shared_ptr<const SequenceEncoder> encoder() const;

  void save(ByteWriter& out) const;
  /// False if it is no saved state.
  bool load(ByteReader& in);
  /// Of the weights, their accumulators and an encoder.
  std::size_t memory_bytes() const;

 private:
  const std::unique_ptr<SequenceNetwork> network_;
  const std::int64_t dimension_;
  const float rate_;
};

}  // namespace freshet::online

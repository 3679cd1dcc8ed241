// SPDX-License-Identifier: Apache-2.0
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
/// network's weights with Adagrad. The embeddings belong to the part's EmbeddingTable.
/// Threads: one at a time. While gradients() runs, another thread may call encoder() and save().
/// Errors:  a c10::Error is our bug and aborts with its message.
class SequenceTrainer {
 public:
  SequenceTrainer(std::unique_ptr<SequenceNetwork> network, std::size_t dimension, double learning_rate);
  ~SequenceTrainer();

  /// Forward and backward pass. Returns the rows' gradients, for the caller to step; keeps those of the network's
  /// weights for step_weights().
  SequenceGradients gradients(const SequenceBatch& batch);

  /// One step of the network's weights by the gradients of the last batch.
  void step_weights();

  /// The network's vectors, [b][d], for tests that compare them with the encoder's.
  AlignedVector<float> encode(const SequenceBatch& batch) const;

  /// The weights as they are now, laid out for serving.
  std::shared_ptr<const SequenceEncoder> encoder() const;

  void save(ByteWriter& out) const;
  /// False if the bytes are not a saved state of this network.
  bool load(ByteReader& in);
  /// Memory of the weights, their accumulators and an encoder.
  std::size_t memory_bytes() const;

 private:
  const std::unique_ptr<SequenceNetwork> network_;
  const std::int64_t dimension_;
  const float rate_;
};

}  // namespace freshet::online

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "online/sequence_encoder.h"

namespace freshet::online {

class SequenceNetwork;

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

/// Gradients of the mean loss with respect to the batch's rows.
struct SequenceGradients {
  float loss = 0;
  std::vector<float> vectors;  ///< [n][d]
  std::vector<float> biases;   ///< [c]
};

/// LibTorch's side of a sequence model: owns the network, computes gradients of the sampled softmax, and steps the
/// network's weights with Adagrad. The embeddings belong to EmbeddingTable.
/// Threads:  one. Errors: a c10::Error is our bug and aborts with its message.
class SequenceTrainer {
 public:
  SequenceTrainer(std::unique_ptr<SequenceNetwork> network, std::size_t dimension, double learning_rate);
  ~SequenceTrainer();

  /// Forward, backward, one step of the network's weights; the caller steps the rows.
  SequenceGradients step(const SequenceBatch& batch);

  /// Vectors [b][d] by LibTorch, for tests that compare them with the encoder's.
  std::vector<float> encode(const SequenceBatch& batch) const;

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

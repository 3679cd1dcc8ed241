#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "online/lstm_scorer.h"

namespace freshet::online {

/// One training step's worth of examples over a small dense table of the rows that they touch. Numbers are indexes into
/// that table.
/// Shapes: n = table rows, d = dimension, b = examples, c = classes.
struct LstmBatch {
  std::vector<float> vectors;                        ///< [n][d]
  std::vector<float> biases;                         ///< [c], of the classes
  std::vector<std::uint32_t> classes;                ///< [c] table rows that compete: targets and negatives
  std::vector<float> correction;                     ///< [c] log prior - log probability of having been drawn
  std::vector<std::vector<std::uint32_t>> sessions;  ///< [b] table rows, oldest first, never empty
  std::vector<std::uint32_t> targets;                ///< [b] index into classes
  std::vector<std::uint32_t>
      excluded;                ///< [b] index into classes that is no possible answer (the last item), or kNoRow
  std::vector<float> weights;  ///< [b]
};

/// Gradients of the mean loss with respect to the batch's rows.
struct LstmGradients {
  float loss = 0;
  std::vector<float> vectors;  ///< [n][d]
  std::vector<float> biases;   ///< [c]
};

/// LibTorch's side of the LSTM session model: owns the LSTM's weights, computes gradients, and steps the weights with
/// Adagrad. The embeddings belong to EmbeddingTable.
/// Threads:  one. Errors: a c10::Error is our bug and aborts with its message.
class LstmTrainer {
 public:
  LstmTrainer(std::size_t dimension, double learning_rate, std::uint64_t seed);
  ~LstmTrainer();

  /// Forward, backward, one step of the LSTM's weights; the caller steps the rows.
  LstmGradients step(const LstmBatch& batch);

  /// Session vectors [b][d] by LibTorch, for tests that compare them with LstmScorer's.
  std::vector<float> encode(const LstmBatch& batch) const;

  /// Copies the weights into the layout that LstmScorer reads.
  void export_weights(LstmWeights& out) const;

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::online

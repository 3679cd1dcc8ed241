// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "online/containers/numbering.h"
#include "online/kernels/simd.h"
#include "online/parts/content/row_gradients.h"
#include "online/parts/content/session_weights.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

/// A session, by the rows of its newest items, and where it went.
struct SessionStep {
  std::array<std::uint32_t, SessionWeights::kItems> visited{};  ///< newest first
  std::size_t visits = 0;                                       ///< of `visited`, at least 1
  std::uint32_t target = 0;
  float weight = 1.0F;  ///< of its gradients
  float prior = 0;      ///< of the target: the log of how often it is clicked, whatever the session
};

/// What the targets of a step are compared with: rows drawn uniformly from all.
struct ItemSample {
  Numbering rows;
  std::vector<float> priors;  ///< [rows]
  std::size_t drawn_from = 0;
};

/// Trains SessionWeights, and tells the gradients of items' vectors: softmax of the items that sessions went to, each
/// against the same sample. An item's odds begin at its prior, so that vectors and weights learn what the session adds to
/// it: else the words of what sells well would be like all others, and what is new be near to nothing.
/// Threads: one.
/// Cost:    per example three products with the sample's vectors, and three with the map.
class SessionTrainer {
 public:
  explicit SessionTrainer(std::size_t dimension);

  /// One step. Adds to `gradients` those of the rows' vectors.
  void train(std::span<const SessionStep> batch, const ItemSample& sample, const EmbeddingView& vectors,
             RowGradients& gradients);

  /// They change with each step.
  const SessionWeights& weights() const { return weights_; }

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  void read_sessions(std::span<const SessionStep> batch, const EmbeddingView& vectors);
  void score_sample(const Numbering& sample, const EmbeddingView& vectors, std::size_t examples);
  void learn_target(std::size_t n, const SessionStep& example, const ItemSample& sample, const EmbeddingView& vectors,
                    RowGradients& gradients);
  void learn_sample(const Numbering& sample, std::size_t examples, RowGradients& gradients);
  void learn_sessions(std::span<const SessionStep> batch, const EmbeddingView& vectors, RowGradients& gradients);
  void step_map(std::size_t examples);

  const std::size_t dimension_;
  SessionWeights weights_;
  SessionWeights squares_;  // of their gradients (Adagrad)

  // of the step; b: examples, d: dimension, c: size of the sample, rounded up
  std::vector<float> totals_;                  // [b] of the visited items' weights
  AlignedVector<float> means_, sessions_;      // [b][d] before and after the map
  AlignedVector<float> d_means_, d_sessions_;  // their gradients
  std::size_t columns_ = 0;                    // c
  AlignedVector<float> sample_, d_sample_;     // [c][d] vectors and their gradients
  AlignedVector<float> scores_;                // [b][c] dot products, then what the gradients weigh
  float d_sharpness_ = 0;
  std::array<float, SessionWeights::kItems> d_of_item_{};

  // buffers
  std::vector<const float*> newest_;
  AlignedVector<float> odds_, transposed_, d_map_;
};

}  // namespace freshet::online

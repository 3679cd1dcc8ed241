// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "online/part/part.h"
#include "online/vectors/embedding_table.h"
#include "online/vectors/user_vectors.h"

namespace freshet::online {

/// The multilayer perceptron's weights.
/// Shapes: d = dimension, h = hidden: user_weights and item_weights [d][h], bias1 [h], weights2 [h][h/2], bias2 [h/2],
///         weights3 [h/2].
struct NeuralCfWeights {
  std::size_t dimension = 0, hidden = 0;
  std::vector<float> user_weights, item_weights, bias1, weights2, bias2, weights3;
  float offset = 0;
};

/// Serving side of neural collaborative filtering, in plain C++. For a user's vector p and an item's vector q and bias
/// b, the log-odds that the pair is a click, rather than a negative sampled as in training, are
///   p.q + b + offset + weights3 . relu(weights2' relu(user_weights' p + item_weights' q + bias1) + bias2).
/// Popular items are sampled more often as negatives, which takes popularity out of these odds. The score for ranking
/// adds it again: the log of the item's current share of events.
/// Proposing approximates: it scans all rows by p.q + b + log share, and scores only the best few hundred with the
/// perceptron. Up to kShortlist items it is exact.
/// Threads: as Scorer. Users' vectors are live; everything else of a published scorer is immutable.
/// Cost:    h d + h^2 / 2 multiply-adds per item; proposing also scans all rows (embedding_ranking.h).
class NeuralCfScorer final : public Scorer {
 public:
  static constexpr std::size_t kShortlist = 200;  ///< at least this many items are scored with the perceptron

  /// `name` is referred to, not copied.
  NeuralCfScorer(std::string_view name, std::shared_ptr<const NeuralCfWeights> weights,
                 std::shared_ptr<const EmbeddingView> items, std::shared_ptr<const UserVectors> users);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  /// Buffers of log_odds().
  struct Layers {
    std::vector<float> of_user, first, second;
  };
  /// Replaces `out` by the log-odds of a click for each row of the items' view. `user`: the user's vector.
  void log_odds(std::span<const float> user, std::span<const std::uint32_t> rows, Layers& layers,
                std::vector<float>& out) const;

 private:
  class Clicks;  // its Query

  const std::string_view name_;
  const std::shared_ptr<const NeuralCfWeights> weights_;
  const std::shared_ptr<const EmbeddingView> items_;
  const std::shared_ptr<const UserVectors> users_;
};

}  // namespace freshet::online

#pragma once

#include <memory>
#include <span>
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

/// Serving side of neural collaborative filtering, in plain C++: user p and item q are a click with log-odds
///   p.q + b_i + offset + weights3 . relu(weights2' relu(user_weights' p + item_weights' q + bias1) + bias2)
/// against a negative drawn as in training. To rank all items by how likely they are next, the log of the item's
/// current share of events, which the draw took out, is added. Proposing scans all rows for the linear share of that
/// (p.q + b_i + log share) and puts the best few hundred through the perceptron: an approximation where the perceptron
/// disagrees with it strongly; up to kShortlist items it is exact.
/// Threads: as Scorer. Users' vectors are live; everything else of a published one is immutable.
/// Cost:    3/2 h d + h multiply-adds per item; proposing scans all rows besides (embedding_ranking.h).
class NeuralCfScorer final : public Scorer {
 public:
  static constexpr std::size_t kShortlist = 200;  ///< at least this many go through the perceptron

  NeuralCfScorer(std::shared_ptr<const NeuralCfWeights> weights, std::shared_ptr<const EmbeddingView> items,
                 std::shared_ptr<const UserVectors> users);

  std::string_view name() const override { return "neural_cf"; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  struct Layers {
    std::vector<float> of_user, first, second;
  };
  /// Log-odds of each row for a user, rows as in the items' view. `layers` is a buffer.
  void log_odds(std::span<const float> user, std::span<const std::uint32_t> rows, Layers& layers,
                std::vector<float>& out) const;

 private:
  class Clicks;  // its Query

  const std::shared_ptr<const NeuralCfWeights> weights_;
  const std::shared_ptr<const EmbeddingView> items_;
  const std::shared_ptr<const UserVectors> users_;
};

}  // namespace freshet::online

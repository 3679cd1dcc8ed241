#pragma once

#include <memory>
#include <span>
#include <vector>

#include "online/embedding_table.h"
#include "online/part.h"

namespace freshet::online {

/// The LSTM's own weights, laid out for one step at a time. Gates in the order input, forget, cell, output.
/// Shapes: d = dimension; input_weights and state_weights [d][4d]; gate_bias [4d]; output_weights [d][d]; skip [d].
struct LstmWeights {
  std::size_t dimension = 0;
  std::vector<float> input_weights, state_weights, gate_bias, output_weights, skip;
};

/// Serving side of the LSTM session model, in plain C++: one pass over the session's last items gives the session
/// vector
///   v = output_weights h + skip * e_last,
/// and item i scores v.e_i + bias_i + log of its current share of events.
/// Threads:  as Scorer. A published one is immutable; the learner's live one is for the learner thread.
/// Cost:     a step is 8 d^2 multiply-adds; propose() scans all rows (embedding_ranking.h).
class LstmScorer final : public Scorer {
 public:
  /// `max_session_items`: newest items read. `weights` and `embeddings` are referred to, not copied.
  LstmScorer(const LstmWeights& weights, const EmbeddingView& embeddings, std::size_t max_session_items);

  std::string_view name() const override { return "lstm"; }
  std::span<const std::string_view> features() const override;
  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override;
  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override;

  /// The session vector; false if no item of the session has a row.
  bool encode(const Context& context, std::vector<float>& vector) const;

  /// For the live scorer: whatever was computed before is stale.
  void weights_changed() { ++version_; }

 private:
  const std::vector<float>* encoded(const Context& context) const;

  const LstmWeights& weights_;
  const EmbeddingView& embeddings_;
  const std::size_t max_session_items_;
  const std::uint64_t identity_;
  std::uint64_t version_ = 0;
};

/// A scorer together with what it reads.
struct PublishedLstm {
  LstmWeights weights;
  EmbeddingView embeddings;
  LstmScorer scorer;

  PublishedLstm(LstmWeights the_weights, EmbeddingView the_embeddings, std::size_t max_session_items)
      : weights(std::move(the_weights)),
        embeddings(std::move(the_embeddings)),
        scorer(weights, embeddings, max_session_items) {}
};

}  // namespace freshet::online

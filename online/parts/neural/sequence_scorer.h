#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "online/part/part.h"
#include "online/parts/neural/sequence_encoder.h"
#include "online/parts/neural/sequence_inputs.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {

/// Serving side of a sequence model, in plain C++: the encoder makes a vector v of the inputs, and item i scores
/// v.e_i + bias_i + log of its current share of events.
/// Threads:  as Scorer. A published one is immutable but for what its inputs remember; the learner's live one is for
///           the learner thread.
/// Cost:     the encoder's; propose() scans all rows (embedding_ranking.h).
class SequenceScorer final : public Scorer {
 public:
  /// `name` and `embeddings` are referred to, not copied.
  SequenceScorer(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                 std::shared_ptr<const SequenceEncoder> encoder, const EmbeddingView& embeddings);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override;
  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override;
  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override;

  /// The vector for these items; false if none of them has a row.
  bool encode(std::span<const ItemIndex> items, std::vector<float>& vector) const;

  // For the live scorer.
  void set_encoder(std::shared_ptr<const SequenceEncoder> encoder) { encoder_ = std::move(encoder); }
  /// Whatever was computed before is stale.
  void weights_changed() { ++version_; }

 private:
  const std::vector<float>* encoded(const Context& context) const;

  const std::string_view name_;
  const std::shared_ptr<const SequenceInputs> inputs_;
  std::shared_ptr<const SequenceEncoder> encoder_;
  const EmbeddingView& embeddings_;
  const std::uint64_t identity_;
  std::uint64_t version_ = 0;
};

/// A scorer together with what it reads.
struct PublishedSequenceModel {
  EmbeddingView embeddings;
  SequenceScorer scorer;

  PublishedSequenceModel(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                         std::shared_ptr<const SequenceEncoder> encoder, EmbeddingView the_embeddings)
      : embeddings(std::move(the_embeddings)), scorer(name, std::move(inputs), std::move(encoder), embeddings) {}
};

}  // namespace freshet::online

#pragma once

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
/// Threads: as Scorer. A published one is immutable except for what its inputs remember; the learner's live one is for
///          the learner thread.
/// Cost:    ask() costs what the encoder does; proposing scans all rows (embedding_ranking.h).
class SequenceScorer final : public Scorer {
 public:
  /// `name` is referred to, not copied.
  SequenceScorer(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                 std::shared_ptr<const SequenceEncoder> encoder, std::shared_ptr<const EmbeddingView> embeddings);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  /// The vector for these items; false if none of them has a row. `rows` is a buffer.
  bool encode(std::span<const ItemIndex> items, std::vector<const float*>& rows, std::vector<float>& vector) const;

  /// For the live scorer.
  void set_encoder(std::shared_ptr<const SequenceEncoder> encoder) { encoder_ = std::move(encoder); }

 private:
  const std::string_view name_;
  const std::shared_ptr<const SequenceInputs> inputs_;
  std::shared_ptr<const SequenceEncoder> encoder_;
  const std::shared_ptr<const EmbeddingView> embeddings_;
};

}  // namespace freshet::online

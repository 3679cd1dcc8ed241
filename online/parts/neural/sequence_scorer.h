// SPDX-License-Identifier: Apache-2.0
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

/// Serving side of a sequence model, in plain C++: the encoder turns the input items into a vector v, and item i scores
/// v.e_i + bias_i + the log of the item's current share of events.
/// Threads: as Scorer. A published scorer is immutable except for the state of its inputs; the learner's live scorer is
///          for the learner thread only.
/// Cost:    ask(): one run of the encoder; proposing scans all rows (embedding_ranking.h).
class SequenceScorer final : public Scorer {
 public:
  /// `name` must outlive the scorer.
  SequenceScorer(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                 std::shared_ptr<const SequenceEncoder> encoder, std::shared_ptr<const EmbeddingView> embeddings);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> features() const override;
  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  /// Writes the vector for these items to `vector`; false if none of them has a row. `rows` is a buffer.
  bool encode(std::span<const ItemIndex> items, std::vector<const float*>& rows, std::vector<float>& vector) const;

  /// Replaces the encoder, of the live scorer only.
  void set_encoder(std::shared_ptr<const SequenceEncoder> encoder) { encoder_ = std::move(encoder); }

 private:
  const std::string_view name_;
  const std::shared_ptr<const SequenceInputs> inputs_;
  std::shared_ptr<const SequenceEncoder> encoder_;
  const std::shared_ptr<const EmbeddingView> embeddings_;
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_scorer.h"

#include "online/vectors/embedding_ranking.h"

namespace freshet::online {
namespace {

class SequenceQuery final : public EmbeddingQuery {
 public:
  // buffers of SequenceScorer::ask()
  std::vector<ItemIndex> items;
  std::vector<const float*> rows;
};

}  // namespace

SequenceScorer::SequenceScorer(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                               std::shared_ptr<const SequenceEncoder> encoder,
                               std::shared_ptr<const EmbeddingView> embeddings)
    : name_(name), inputs_(std::move(inputs)), encoder_(std::move(encoder)), embeddings_(std::move(embeddings)) {}

std::span<const std::string_view> SequenceScorer::features() const { return kEmbeddingFeatures; }

bool SequenceScorer::encode(std::span<const ItemIndex> items, std::vector<const float*>& rows,
                            std::vector<float>& vector) const {
  rows.clear();
  for (const ItemIndex item : items) {
    const std::uint32_t row = embeddings_->row_of(item);
    if (row != kNoRow) rows.push_back(embeddings_->vector(row));
  }
  if (rows.empty()) return false;
  encoder_->encode(rows, vector);
  return true;
}

void SequenceScorer::ask(const Context& context, std::unique_ptr<Query>& query) const {
  auto& asked = reuse<SequenceQuery>(query);
  inputs_->read(context, asked.items);
  asked.ask(*embeddings_, context.last_item(), true,
            [&](std::vector<float>& vector) { return encode(asked.items, asked.rows, vector); });
}

}  // namespace freshet::online

#include "online/parts/neural/sequence_scorer.h"

#include "online/containers/identity.h"
#include "online/vectors/embedding_ranking.h"

namespace freshet::online {

SequenceScorer::SequenceScorer(std::string_view name, std::shared_ptr<const SequenceInputs> inputs,
                               std::shared_ptr<const SequenceEncoder> encoder, const EmbeddingView& embeddings)
    : name_(name),
      inputs_(std::move(inputs)),
      encoder_(std::move(encoder)),
      embeddings_(embeddings),
      identity_(next_identity()) {}

std::span<const std::string_view> SequenceScorer::features() const { return kEmbeddingFeatures; }

bool SequenceScorer::encode(std::span<const ItemIndex> items, std::vector<float>& vector) const {
  thread_local std::vector<const float*> inputs;
  inputs.clear();
  for (const ItemIndex item : items) {
    const std::uint32_t row = embeddings_.row_of(item);
    if (row != kNoRow) inputs.push_back(embeddings_.vector(row));
  }
  if (inputs.empty()) return false;
  encoder_->encode(inputs, vector);
  return true;
}

/// encode(), remembered from propose() to score().
const std::vector<float>* SequenceScorer::encoded(const Context& context) const {
  struct Memo {
    std::uint64_t scorer = 0, version = 0;
    std::vector<ItemIndex> items;
    bool known = false;
    std::vector<float> vector;
  };
  thread_local Memo memo;
  thread_local std::vector<ItemIndex> items;
  inputs_->read(context, items);
  if (memo.scorer != identity_ || memo.version != version_ || memo.items != items) {
    memo.scorer = identity_;
    memo.version = version_;
    memo.items = items;
    memo.known = encode(items, memo.vector);
  }
  return memo.known ? &memo.vector : nullptr;
}

void SequenceScorer::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  const std::vector<float>* vector = encoded(context);
  if (vector != nullptr) nearest_items(embeddings_, *vector, k, context.last_item(), out);
}

void SequenceScorer::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  const std::vector<float>* vector = encoded(context);
  score_items(embeddings_, vector == nullptr ? nullptr : vector->data(), candidates, out);
}

}  // namespace freshet::online

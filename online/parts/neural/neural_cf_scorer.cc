// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/neural_cf_scorer.h"

#include <algorithm>

#include "online/kernels/kernels.h"
#include "online/part/top_k.h"
#include "online/vectors/embedding_ranking.h"

namespace freshet::online {
namespace {

constexpr std::size_t kShortlistFactor = 2;  // items scored with the perceptron per item asked for

void relu(std::vector<float>& values) {
  for (float& value : values) value = std::max(0.0F, value);
}

}  // namespace

class NeuralCfScorer::Clicks final : public Query {
 public:
  void ask(const NeuralCfScorer& scorer, const Context& context) {
    scorer_ = &scorer;
    last_item_ = context.last_item();
    has_user_ = scorer.users_->copy(who(context), user_);
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  const NeuralCfScorer* scorer_ = nullptr;
  ItemIndex last_item_ = kNoItem;
  bool has_user_ = false;
  std::vector<float> user_;

  // buffers
  Layers layers_;
  std::vector<float> odds_;
  std::vector<Candidate> shortlist_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::size_t> known_;  // indexes of the items that have rows
};

NeuralCfScorer::NeuralCfScorer(std::string_view name, std::shared_ptr<const NeuralCfWeights> weights,
                               std::shared_ptr<const EmbeddingView> items, std::shared_ptr<const UserVectors> users)
    : name_(name), weights_(std::move(weights)), items_(std::move(items)), users_(std::move(users)) {}

std::span<const std::string_view> NeuralCfScorer::features() const { return kEmbeddingFeatures; }

void NeuralCfScorer::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Clicks>(query).ask(*this, context);
}

void NeuralCfScorer::log_odds(std::span<const float> user, std::span<const std::uint32_t> rows, Layers& layers,
                              std::vector<float>& out) const {
  const NeuralCfWeights& weights = *weights_;
  const std::size_t d = weights.dimension, h = weights.hidden;
  auto& [of_user, first, second] = layers;
  of_user = weights.bias1;
  add_product(of_user.data(), weights.user_weights.data(), user.data(), d, h);
  out.clear();
  for (const std::uint32_t row : rows) {
    const float* item = items_->vector(row);
    first = of_user;
    add_product(first.data(), weights.item_weights.data(), item, d, h);
    relu(first);
    second = weights.bias2;
    add_product(second.data(), weights.weights2.data(), first.data(), h, h / 2);
    relu(second);
    out.push_back(dot(user.data(), item, d) + items_->scalars(row).bias + weights.offset +
                  dot(weights.weights3.data(), second.data(), h / 2));
  }
}

void NeuralCfScorer::Clicks::propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) {
  if (!has_user_) return;
  const EmbeddingView& view = *scorer_->items_;
  shortlist_.clear();
  nearest_items(view, user_, std::max(kShortlistFactor * k, kShortlist), last_item_, allowed, shortlist_);
  rows_.clear();
  // The map from items to rows is live: an item may have lost its row since this snapshot was taken.
  std::erase_if(shortlist_, [&](const Candidate& candidate) {
    const std::uint32_t row = view.row_of(candidate.item);
    if (row != kNoRow) rows_.push_back(row);
    return row == kNoRow;
  });
  scorer_->log_odds(user_, rows_, layers_, odds_);
  for (std::size_t i = 0; i < shortlist_.size(); ++i) shortlist_[i].score = odds_[i] + view.scalars(rows_[i]).prior;
  keep_best(shortlist_, k);
  out.insert(out.end(), shortlist_.begin(), shortlist_.end());
}

void NeuralCfScorer::Clicks::write_features(std::span<const ItemIndex> items, FeatureColumns out) {
  const EmbeddingView& view = *scorer_->items_;
  rows_.clear();
  known_.clear();
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t feature = 0; feature < kEmbeddingFeatures.size(); ++feature) out.at(i, feature) = 0;
    const std::uint32_t row = has_user_ ? view.row_of(items[i]) : kNoRow;
    if (row == kNoRow) continue;
    known_.push_back(i);
    rows_.push_back(row);
  }
  if (has_user_) scorer_->log_odds(user_, rows_, layers_, odds_);
  for (std::size_t n = 0; n < known_.size(); ++n) {
    out.at(known_[n], kEmbeddingOwn) = odds_[n] + view.scalars(rows_[n]).prior;
    out.at(known_[n], kEmbeddingAffinity) = odds_[n];
    out.at(known_[n], kEmbeddingBias) = view.scalars(rows_[n]).bias;
    out.at(known_[n], kEmbeddingKnown) = 1;
  }
  relate_to_best(items.size(), out);
}

}  // namespace freshet::online

#include "online/parts/neural/neural_cf_scorer.h"

#include <algorithm>

#include "online/kernels/kernels.h"
#include "online/part/top_k.h"
#include "online/vectors/embedding_ranking.h"

namespace freshet::online {
namespace {

constexpr std::size_t kShortlistFactor = 2;  // items through the perceptron per item asked for

void relu(std::vector<float>& values) {
  for (float& value : values) value = std::max(0.0F, value);
}

}  // namespace

NeuralCfScorer::NeuralCfScorer(const NeuralCfWeights& weights, const EmbeddingView& items,
                               std::shared_ptr<const UserVectors> users)
    : weights_(weights), items_(items), users_(std::move(users)) {}

std::span<const std::string_view> NeuralCfScorer::features() const { return kEmbeddingFeatures; }

void NeuralCfScorer::log_odds(std::span<const float> user, std::span<const std::uint32_t> rows,
                              std::vector<float>& out) const {
  const std::size_t d = weights_.dimension, h = weights_.hidden;
  thread_local std::vector<float> of_user, first, second;
  of_user = weights_.bias1;
  add_product(of_user.data(), weights_.user_weights.data(), user.data(), d, h);
  out.clear();
  for (const std::uint32_t row : rows) {
    const float* item = items_.vector(row);
    first = of_user;
    add_product(first.data(), weights_.item_weights.data(), item, d, h);
    relu(first);
    second = weights_.bias2;
    add_product(second.data(), weights_.weights2.data(), first.data(), h, h / 2);
    relu(second);
    out.push_back(dot(user.data(), item, d) + items_.scalars(row).bias + weights_.offset +
                  dot(weights_.weights3.data(), second.data(), h / 2));
  }
}

void NeuralCfScorer::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  thread_local std::vector<float> user, odds;
  thread_local std::vector<Candidate> shortlist;
  thread_local std::vector<std::uint32_t> rows;
  if (!users_->copy(who(context), user)) return;
  shortlist.clear();
  nearest_items(items_, user, std::max(kShortlistFactor * k, kShortlist), context.last_item(), shortlist);
  rows.clear();
  // The map from items to rows is live: an item may have lost its row since this snapshot was taken.
  std::erase_if(shortlist, [&](const Candidate& candidate) {
    const std::uint32_t row = items_.row_of(candidate.item);
    if (row != kNoRow) rows.push_back(row);
    return row == kNoRow;
  });
  log_odds(user, rows, odds);
  for (std::size_t i = 0; i < shortlist.size(); ++i) shortlist[i].score = odds[i] + items_.scalars(rows[i]).prior;
  keep_best(shortlist, k);
  out.insert(out.end(), shortlist.begin(), shortlist.end());
}

void NeuralCfScorer::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  thread_local std::vector<float> user, odds;
  thread_local std::vector<std::uint32_t> rows;
  thread_local std::vector<std::size_t> known;
  rows.clear();
  known.clear();
  const bool has_user = users_->copy(who(context), user);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (std::size_t feature = 0; feature < kEmbeddingFeatures.size(); ++feature) out.at(i, feature) = 0;
    const std::uint32_t row = has_user ? items_.row_of(candidates[i]) : kNoRow;
    if (row == kNoRow) continue;
    known.push_back(i);
    rows.push_back(row);
  }
  if (has_user) log_odds(user, rows, odds);
  for (std::size_t n = 0; n < known.size(); ++n) {
    out.at(known[n], 0) = odds[n] + items_.scalars(rows[n]).prior;
    out.at(known[n], 2) = odds[n];
    out.at(known[n], 3) = items_.scalars(rows[n]).bias;
    out.at(known[n], 4) = 1;
  }
  relate_to_best(candidates.size(), out);
}

}  // namespace freshet::online

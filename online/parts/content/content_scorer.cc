// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/content_scorer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "online/kernels/kernels.h"
#include "online/parts/content/content.h"
#include "online/parts/hours.h"
#include "online/vectors/embedding_ranking.h"

namespace freshet::online {
namespace {

// The first five as relate_to_best() has them.
enum Feature : std::size_t {
  kOwn,         // log-odds relative to the best candidate
  kShare,       // softmax share among the candidates
  kCosineLast,  // to the last item
  kCosineMost,  // to the nearest of the session's newest items
  kKnown,       // the item is described, and the session does not hold it
  kPriceRatio,  // log2 of the price over the session's median
  kPriceDistance,
  kSharedLevels,  // category levels that the last item has too
  kEdge,          // related to the last item, or it to this one, or both to the same
  kLogClicks,
  kUnclicked,
  kLogAge,  // log2 of hours since publication
  kFeatures
};

constexpr float kMostPriceRatio = 5.0F;
constexpr std::size_t kPrefetched = 8;  // candidates ahead of the one being compared
constexpr std::size_t kCompared = 3;    // of the session's newest items, by kCosineMost

bool holds(const ItemTraits::Hashes& hashes, std::uint32_t hash) {
  for (const std::uint32_t one : hashes) {
    if (one == 0) return false;
    if (one == hash) return true;
  }
  return false;
}

float shared(const ItemTraits::Hashes& a, const ItemTraits::Hashes& b) {
  float count = 0;
  for (const std::uint32_t hash : a) {
    if (hash == 0) break;
    if (holds(b, hash)) ++count;
  }
  return count;
}

class ContentQuery final : public Query {
 public:
  void ask(const ContentView& view, const Context& context) {
    view_ = &view;
    now_ = context.now;
    last_item_ = context.last_item();
    session_.read(context, *view.vectors);
    newest_.clear();
    for (const std::uint32_t row : session_.rows) newest_.push_back(view.vectors->vector(row));
    const SessionWeights& weights = *view.weights;
    const std::size_t d = weights.dimension;
    mean_.resize(d);
    query_.resize(d);
    weights.mean(newest_, mean_.data());
    weights.transform(mean_.data(), query_.data());
    for (float& value : query_) value *= weights.sharpness;
    compared_.assign(query_.begin(), query_.end());
    for (std::size_t n = 0; n < std::min(kCompared, newest_.size()); ++n) {
      compared_.insert(compared_.end(), newest_[n], newest_[n] + d);
    }
    find_median_price();
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override {
    if (session_.rows.empty()) return;
    // Most of what the session holds is seldom among the nearest.
    const std::size_t most = k + session_.held.size();
    for (std::size_t wanted = std::min(most, k + k / 8);; wanted = std::min(most, 2 * wanted)) {
      nearest_.clear();
      nearest_items(*view_->vectors, query_, wanted, last_item_, allowed, nearest_);
      const bool all = wanted == most || nearest_.size() < wanted;
      std::erase_if(nearest_,
                    [&](const Candidate& near) { return session_.held.find(near.item) != ItemTable::kAbsent; });
      if (all || nearest_.size() >= k) break;
    }
    nearest_.resize(std::min(k, nearest_.size()));
    out.insert(out.end(), nearest_.begin(), nearest_.end());
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    const EmbeddingView& vectors = *view_->vectors;
    rows_.assign(items.size() + kPrefetched, kNoRow);
    for (std::size_t i = 0; i < items.size(); ++i) rows_[i] = vectors.presumed_row_of(items[i]);
    for (std::size_t i = 0; i < items.size(); ++i) {
      prefetch(rows_[i + kPrefetched]);
      for (std::size_t feature = 0; feature < kFeatures; ++feature) out.at(i, feature) = 0.0F;
      const std::uint32_t row = rows_[i];
      if (!vectors.is_row_of(row, items[i])) continue;
      write_traits(view_->traits(row), i, out);
      if (session_.rows.empty()) continue;
      const float* const vector = vectors.vector(row);
      out.at(i, kKnown) = session_.held.find(items[i]) == ItemTable::kAbsent ? 1.0F : 0.0F;
      std::array<float, 1 + kCompared> products;
      const std::size_t compared = compared_.size() / vectors.dimension;
      dot_each(vector, compared_.data(), compared, vectors.dimension, products.data());
      out.at(i, kOwn) = products[0];
      out.at(i, kCosineLast) = products[1];
      out.at(i, kCosineMost) = *std::max_element(products.begin() + 1, products.begin() + compared);
    }
    relate_to_best(items.size(), out);
  }

 private:
  /// The rows of candidates are scattered over the table; each would be a cache miss.
  void prefetch(std::uint32_t row) const {
    if (row == kNoRow) return;
    const EmbeddingView& vectors = *view_->vectors;
    __builtin_prefetch(&vectors.scalars(row));
    for (std::size_t i = 0; i < vectors.dimension; i += kLanes) __builtin_prefetch(vectors.vector(row) + i);
    const ItemTraits& traits = view_->traits(row);
    __builtin_prefetch(&traits);
    __builtin_prefetch(&traits.self);
  }

  void find_median_price() {
    prices_.clear();
    for (const std::uint32_t row : session_.rows) {
      const ItemTraits& traits = view_->traits(row);
      if (traits.has_price) prices_.push_back(traits.log2_price);
    }
    if (prices_.empty()) return;
    const auto middle = prices_.begin() + static_cast<std::ptrdiff_t>(prices_.size() / 2);
    std::ranges::nth_element(prices_, middle);
    median_price_ = *middle;
  }

  void write_traits(const ItemTraits& traits, std::size_t i, FeatureColumns out) const {
    out.at(i, kLogClicks) = traits.log_clicks;
    out.at(i, kUnclicked) = traits.log_clicks == 0 ? 1.0F : 0.0F;
    if (traits.time_ms != 0) out.at(i, kLogAge) = log_hours(now_ - timestamp_from_ms(traits.time_ms));
    if (traits.has_price && !prices_.empty()) {
      const float ratio = std::clamp(traits.log2_price - median_price_, -kMostPriceRatio, kMostPriceRatio);
      out.at(i, kPriceRatio) = ratio;
      out.at(i, kPriceDistance) = std::abs(ratio);
    }
    if (session_.rows.empty()) return;
    const ItemTraits& last = view_->traits(session_.rows.front());
    out.at(i, kSharedLevels) = shared(traits.categories, last.categories);
    const bool edge = holds(traits.relations, last.self) || holds(last.relations, traits.self) ||
                      shared(traits.relations, last.relations) > 0;
    out.at(i, kEdge) = edge ? 1.0F : 0.0F;
  }

  const ContentView* view_ = nullptr;
  Timestamp now_{};
  ItemIndex last_item_ = kNoItem;
  ContentSession session_;
  std::vector<float> query_;
  float median_price_ = 0;

  // buffers
  std::vector<const float*> newest_;      // vectors of session_.rows
  std::vector<std::uint32_t> rows_;       // of the candidates
  AlignedVector<float> mean_, compared_;  // compared_: query_, then the newest kCompared vectors
  std::vector<float> prices_;
  std::vector<Candidate> nearest_;
};

}  // namespace

void ContentSession::read(const Context& context, const EmbeddingView& vectors) {
  held.clear();
  rows.clear();
  for (auto visit = context.session.rbegin(); visit != context.session.rend(); ++visit) {
    const auto fresh = static_cast<std::uint32_t>(held.size());
    if (held.find_or_insert(visit->item, fresh) != fresh || rows.size() == SessionWeights::kItems) continue;
    if (const std::uint32_t row = vectors.row_of(visit->item); row != kNoRow) rows.push_back(row);
  }
}

std::string_view ContentScorer::name() const { return kContent.name; }

std::span<const std::string_view> ContentScorer::features() const {
  static constexpr std::array<std::string_view, kFeatures> kNames{
      "own",           "share", "cosine_last", "cosine_most", "known",  "price_ratio", "price_distance",
      "shared_levels", "edge",  "log_clicks",  "unclicked",   "log_age"};
  return kNames;
}

void ContentScorer::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<ContentQuery>(query).ask(*view_, context);
}

}  // namespace freshet::online

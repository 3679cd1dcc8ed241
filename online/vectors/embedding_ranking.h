// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "online/part/part.h"
#include "online/vectors/embedding_table.h"

/// Ranking items by their embeddings: item i scores query . e_i + bias_i + prior_i.
namespace freshet::online {

inline constexpr std::size_t kWidest = 16;

/// Maximum inner product search: appends the items of the k best rows, best first, without `except`. Scores the 4-bit
/// copies of all rows, then the best 1.5 k of them (at least 50) again in floats: exact in practice (recall is tested).
/// If the rows lie in clusters (row_clusters.h), scans only the clusters whose means score highest, and finds about
/// 99 % of the best 20. Only `allowed` items (null: all) take a place; if they are few, more clusters are scanned, up to
/// kWidest times as many, or if AllowedItems::all() knows them, only these are scored.
/// Threads: any, on a published view. On a live view the learner's only, whose scans tune the view's ScanTuner.
/// Cost:    reads half a byte per dimension and row; with clusters, per cluster and row of the scanned clusters.
void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   const AllowedItems* allowed, std::vector<Candidate>& out);

/// Features of a part that ranks by embeddings, in column order.
enum EmbeddingFeature : std::size_t {
  kEmbeddingOwn,       ///< its score minus the best candidate's (log-odds, floored)
  kEmbeddingShare,     ///< its softmax share among the candidates
  kEmbeddingAffinity,  ///< the dot product alone
  kEmbeddingBias,      ///< the learned bias
  kEmbeddingKnown,     ///< whether the item has a row
};
inline constexpr std::array<std::string_view, 5> kEmbeddingFeatures{"own", "share", "affinity", "bias", "known"};

/// Completes the features of rows whose `own` and `known` are set: subtracts the best known score from `own`, and fills
/// `share`. A row that is not known gets the floor and no share.
void relate_to_best(std::size_t rows, FeatureColumns out);

/// Writes kEmbeddingFeatures for every item. `query` null: nothing is known about the context, so no item is known.
void score_items(const EmbeddingView& embeddings, const float* query, std::span<const ItemIndex> items,
                 FeatureColumns out);

/// The query of a part that ranks items by one vector per context.
/// Cost: propose() scans (see nearest_items); write_features() reads one row per item.
class EmbeddingQuery : public Query {
 public:
  /// find(vector) sets the vector to that of the context, or returns false if nothing is known about the context. If
  /// `proposes` is false, propose() does nothing, for a part with too many items to scan.
  template <typename Find>
  void ask(const EmbeddingView& items, ItemIndex last_item, bool proposes, Find&& find) {
    items_ = &items;
    last_item_ = last_item;
    known_ = find(vector_);
    proposes_ = proposes;
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override {
    if (known_ && proposes_) nearest_items(*items_, vector_, k, last_item_, allowed, out);
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    score_items(*items_, known_ ? vector_.data() : nullptr, items, out);
  }

 private:
  const EmbeddingView* items_ = nullptr;
  ItemIndex last_item_ = kNoItem;
  bool known_ = false, proposes_ = false;
  std::vector<float> vector_;
};

}  // namespace freshet::online

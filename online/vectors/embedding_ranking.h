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

/// Appends the items of the k best rows, best first, never `except`. Scans the 4-bit rows, then ranks 1.5 times k of
/// them in floats: exact in practice (recall is tested). If rows lie in clusters (row_clusters.h), only the clusters
/// whose means score highest are scanned, and about 99 of 100 of the best 20 are found.
/// Threads: any, on a view that does not change meanwhile; the learner's on a live one, which it tunes (scan_tuner.h).
/// Cost:    half a byte of memory read per dimension and row, or cluster and row of the clusters that are scanned.
void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   std::vector<Candidate>& out);

/// Features of a part that ranks by embeddings.
enum EmbeddingFeature : std::size_t {
  kEmbeddingOwn,       ///< its score less the best candidate's (log-odds, floored)
  kEmbeddingShare,     ///< its softmax share among the candidates
  kEmbeddingAffinity,  ///< the dot product alone
  kEmbeddingBias,      ///< the learned bias
  kEmbeddingKnown,     ///< whether the item has a row
};
inline constexpr std::array<std::string_view, 5> kEmbeddingFeatures{"own", "share", "affinity", "bias", "known"};

/// Given scores (own) and whether they mean anything (known): makes them log-odds against the best one and fills share.
void relate_to_best(std::size_t rows, FeatureColumns out);

/// Fills kEmbeddingFeatures. `query` null: nothing is known, so every item is without a row.
void score_items(const EmbeddingView& embeddings, const float* query, std::span<const ItemIndex> items,
                 FeatureColumns out);

/// The query of a part that ranks items by one vector per context.
/// Cost: propose() scans (see nearest_items); write_features() reads one row per item.
class EmbeddingQuery : public Query {
 public:
  /// find(vector) replaces the vector by that of the context, or returns false if nothing is known about the context.
  /// Without `proposes` the items are too many to scan.
  template <typename Find>
  void ask(const EmbeddingView& items, ItemIndex last_item, bool proposes, Find&& find) {
    items_ = &items;
    last_item_ = last_item;
    known_ = find(vector_);
    proposes_ = proposes;
  }

  void propose(std::size_t k, std::vector<Candidate>& out) override {
    if (known_ && proposes_) nearest_items(*items_, vector_, k, last_item_, out);
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

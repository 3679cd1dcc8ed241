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

/// Appends the k best rows' items, best first, never `except`. Scans the 4-bit rows, then ranks half as many again as
/// are asked for in floats: exact in practice (recall is tested). If rows lie in clusters (row_clusters.h), only those
/// clusters are scanned whose means score highest, and about 99 of 100 of the best 20 are found.
/// Threads: any, on a view that does not change meanwhile; the learner's on a live one, which it tunes (scan_tuner.h).
/// Cost:    half a byte of memory read per dimension and row, or cluster and row of the clusters that are scanned.
void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   std::vector<Candidate>& out);

/// Features of a part that ranks by embeddings: its score against the best candidate's (log-odds, floored), its softmax
/// share among the candidates, the dot product alone, the learned bias, whether the item has a row.
inline constexpr std::array<std::string_view, 5> kEmbeddingFeatures{"own", "share", "affinity", "bias", "known"};

/// Given scores (own) and whether they mean anything (known): makes them log-odds against the best one and fills share.
void relate_to_best(std::size_t rows, FeatureColumns out);

/// Fills kEmbeddingFeatures. `query` null: nothing is known, so every item is without a row.
void score_items(const EmbeddingView& embeddings, const float* query, std::span<const ItemIndex> candidates,
                 FeatureColumns out);

}  // namespace freshet::online

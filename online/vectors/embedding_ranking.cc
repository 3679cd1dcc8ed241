// SPDX-License-Identifier: Apache-2.0
#include "online/vectors/embedding_ranking.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "online/kernels/kernels.h"
#include "online/kernels/simd.h"
#include "online/kernels/threshold.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

constexpr float kUnknown = -12.0F;    // floor of kEmbeddingOwn, and its value for an item without a row
constexpr std::size_t kAtLeast = 50;  // rows that are scored again in floats
constexpr double kMostAllowed = 0.7;  // a larger share of allowed rows is found in the usual clusters
constexpr std::size_t kPrefetch = 8;  // rows ahead of the one being scored

/// The rows to be scored in floats are scattered over the table; without prefetching, each would be a cache miss.
void prefetch(const EmbeddingView& embeddings, std::uint32_t row) {
  if (row == kNoRow) return;
  __builtin_prefetch(&embeddings.scalars(row));
  const float* vector = embeddings.vector(row);
  for (std::size_t i = 0; i < embeddings.dimension; i += kLanes) __builtin_prefetch(vector + i);
}

/// One scan of the rows' 4-bit copies, with its buffers.
struct Scan {
  std::vector<std::int8_t> query;
  std::vector<const RowCluster*> clusters;  // to be scanned
  std::vector<float> scores;                // block by block
  std::vector<float> peaks;                 // the best score of every block
  std::vector<ScoredRow> best;

  void choose(const ClusterView& view, std::span<const float> exact_query, float query_scale, std::size_t rows);
  void run(const ClusterView& view, std::span<const float> exact_query, std::size_t row_count);
  bool select(std::size_t count);
  double select_allowed(const EmbeddingView& embeddings, const AllowedItems& allowed, std::size_t count);
};

/// Chooses the clusters whose means score highest: as many as hold, on average, so many rows.
void Scan::choose(const ClusterView& view, std::span<const float> exact_query, float query_scale, std::size_t rows) {
  clusters.clear();
  const std::size_t count = view.clusters.size();
  const std::size_t wanted = rows >= view.rows ? count : (rows * count + view.rows - 1) / view.rows;
  if (wanted >= count) {
    for (const auto& cluster : view.clusters) clusters.push_back(cluster.get());
    return;
  }
  const RowBlocks centroids = view.centroids->blocks(exact_query.size(), view.centroids->offset);
  scores.resize(centroids.count * kBlockRows);
  peaks.resize(centroids.count);
  score_blocks(centroids, query.data(), exact_query.size(), query_scale, scores.data(), peaks.data());
  const float threshold = threshold_for(std::span(scores).first(count), wanted);
  for (std::size_t first = 0; first < count; first += kBlockRows) {
    for (std::uint32_t lanes = reaching(&scores[first], threshold); lanes != 0; lanes &= lanes - 1) {
      const std::size_t cluster = first + static_cast<std::size_t>(std::countr_zero(lanes));
      if (cluster >= count) return;  // the last block has lanes without a cluster
      clusters.push_back(view.clusters[cluster].get());
      __builtin_prefetch(clusters.back());
    }
  }
}

void Scan::run(const ClusterView& view, std::span<const float> exact_query, std::size_t row_count) {
  query.resize(exact_query.size());
  const float query_scale = quantize(exact_query.data(), exact_query.size(), query.data());
  choose(view, exact_query, query_scale, view.centroids == nullptr ? view.rows : row_count);
  std::size_t blocks = 0;
  for (const RowCluster* cluster : clusters) {
    const RowBlocks rows = cluster->blocks();
    blocks += rows.count;
    __builtin_prefetch(rows.codes);
  }
  peaks.resize(blocks);
  scores.resize(blocks * kBlockRows);
  std::size_t block = 0;
  for (const RowCluster* cluster : clusters) {
    const RowBlocks rows = cluster->blocks();
    score_blocks(rows, query.data(), exact_query.size(), query_scale, &scores[block * kBlockRows], &peaks[block]);
    block += rows.count;
  }
}

/// Leaves the best `count` rows, and perhaps some more, in `best`, in no particular order. The peaks of at least
/// `count` blocks reach the threshold, so rows below it are not among the best `count`; all other blocks are skipped.
/// Returns whether these are all rows that were scanned.
bool Scan::select(std::size_t count) {
  const float threshold = peaks.size() > count ? threshold_for(peaks, count) : -INFINITY;
  best.clear();
  std::size_t first = 0;  // block of the cluster
  for (const RowCluster* cluster : clusters) {
    const std::size_t blocks = cluster->block_count();
    for (std::size_t block = 0; block < blocks; ++block) {
      if (peaks[first + block] < threshold) continue;
      const float* lane_scores = &scores[(first + block) * kBlockRows];
      for (std::uint32_t lanes = reaching(lane_scores, threshold); lanes != 0; lanes &= lanes - 1) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(lanes));
        const std::uint32_t row = cluster->row(block * kBlockRows + lane);
        if (row != kNoRow) best.push_back({row, lane_scores[lane]});
      }
    }
    first += blocks;
  }
  return threshold == -INFINITY;
}

/// Leaves the best `count` rows of allowed items, and perhaps some more, in `best`; fewer if fewer were scanned. The
/// share of the best rows that is allowed tells how many rows to take. Returns that share.
double Scan::select_allowed(const EmbeddingView& embeddings, const AllowedItems& allowed, std::size_t count) {
  for (std::size_t rows = count;;) {
    const bool all = select(rows);
    const std::size_t selected = best.size();
    std::erase_if(best, [&](const ScoredRow& scored) {
      const ItemIndex item = embeddings.scalars(scored.row).item;
      return item == kNoItem || !allowed.allows(item);
    });
    if (all || best.size() >= count) return static_cast<double>(best.size()) / static_cast<double>(selected + 1);
    rows *= std::clamp<std::size_t>(2 * count / (best.size() + 1), 2, 16);
  }
}

/// Fills `ranked` with the best k of about `rows` rows. Returns which share of the best rows is allowed.
double rank(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
            const AllowedItems* allowed, std::size_t rows, std::vector<Candidate>& ranked) {
  thread_local Scan scan;
  scan.run(*embeddings.scan, query, rows);
  const std::size_t count = std::max(k + k / 2, kAtLeast) + 1;  // one more: `except` may be among them
  double share = 1;
  if (allowed != nullptr) {
    share = scan.select_allowed(embeddings, *allowed, count);
  } else {
    scan.select(count);
  }
  if (scan.best.size() > 2 * count) cut_to_best(scan.best, count);
  ranked.clear();
  for (std::size_t n = 0; n < scan.best.size(); ++n) {
    if (n + kPrefetch < scan.best.size()) prefetch(embeddings, scan.best[n + kPrefetch].row);
    const std::uint32_t row = scan.best[n].row;
    const ItemIndex item = embeddings.scalars(row).item;
    if (item == kNoItem || item == except) continue;
    ranked.push_back({item, dot(query.data(), embeddings.vector(row), embeddings.dimension) + embeddings.offset(row)});
  }
  keep_best(ranked, k);
  return share;
}

/// Ranks all of `items` that have a row.
void rank_exactly(const EmbeddingView& embeddings, std::span<const float> query, std::span<const ItemIndex> items,
                  std::size_t k, ItemIndex except, std::vector<Candidate>& ranked) {
  const auto row_at = [&](std::size_t n) { return n < items.size() ? embeddings.presumed_row_of(items[n]) : kNoRow; };
  ranked.clear();
  for (std::size_t n = 0; n < items.size(); ++n) {
    prefetch(embeddings, row_at(n + kPrefetch));
    const std::uint32_t row = row_at(n);
    if (items[n] == except || !embeddings.is_row_of(row, items[n])) continue;
    ranked.push_back(
        {items[n], dot(query.data(), embeddings.vector(row), embeddings.dimension) + embeddings.offset(row)});
  }
  keep_best(ranked, k);
}

}  // namespace

void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   const AllowedItems* allowed, std::vector<Candidate>& out) {
  const ClusterView& view = *embeddings.scan;
  if (k == 0 || view.rows == 0) return;
  thread_local std::vector<Candidate> ranked;
  if (const auto* const items = allowed == nullptr ? nullptr : allowed->all(); items != nullptr) {
    rank_exactly(embeddings, query, *items, k, except, ranked);
    out.insert(out.end(), ranked.begin(), ranked.end());
    return;
  }
  const std::size_t rows = view.tuner != nullptr ? view.tuner->rows() : view.scanned_rows;
  const double share = rank(embeddings, query, k, except, allowed, rows, ranked);
  if (allowed != nullptr && share < kMostAllowed && view.centroids != nullptr && rows < view.rows) {
    // The rarer the allowed items are, the more clusters the best of them lie in.
    const double wider = std::clamp(1 / std::max(share, 1e-9), 2.0, static_cast<double>(kWidest));
    rank(embeddings, query, k, except, allowed, static_cast<std::size_t>(wider * static_cast<double>(rows)), ranked);
  }
  out.insert(out.end(), ranked.begin(), ranked.end());
  // Now and then the scan is compared with one of all rows, which tunes how many rows are read.
  if (allowed != nullptr || view.centroids == nullptr || view.tuner == nullptr || !view.tuner->is_due()) return;
  std::vector<Candidate> exact;
  rank(embeddings, query, std::min(k, ScanTuner::kCutoff), except, nullptr, view.rows, exact);
  const auto missed = std::ranges::count_if(exact, [&](const Candidate& candidate) {
    return std::ranges::find(ranked, candidate.item, &Candidate::item) == ranked.end();
  });
  const auto best = static_cast<double>(std::max<std::size_t>(1, exact.size()));
  view.tuner->record(static_cast<double>(missed) / best, view.rows);
}

void relate_to_best(std::size_t rows, FeatureColumns out) {
  const auto known = [&](std::size_t row) { return out.at(row, kEmbeddingKnown) > 0; };
  float largest = -INFINITY;
  for (std::size_t row = 0; row < rows; ++row) {
    largest = std::max(largest, known(row) ? out.at(row, kEmbeddingOwn) : -INFINITY);
  }
  thread_local std::vector<float> odds;
  odds.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    float& own = out.at(row, kEmbeddingOwn);
    odds[row] = own = known(row) ? std::max(kUnknown, own - largest) : kUnknown;
  }
  exponential(odds.data(), rows);
  float sum = 1e-9F;
  for (std::size_t row = 0; row < rows; ++row) sum += known(row) ? odds[row] : 0.0F;
  for (std::size_t row = 0; row < rows; ++row) out.at(row, kEmbeddingShare) = known(row) ? odds[row] / sum : 0.0F;
}

void score_items(const EmbeddingView& embeddings, const float* query, std::span<const ItemIndex> items,
                 FeatureColumns out) {
  thread_local std::vector<std::uint32_t> rows;
  rows.assign(items.size() + kPrefetch, kNoRow);
  for (std::size_t row = 0; query != nullptr && row < items.size(); ++row) {
    rows[row] = embeddings.presumed_row_of(items[row]);
  }
  for (std::size_t row = 0; row < items.size(); ++row) {
    prefetch(embeddings, rows[row + kPrefetch]);
    const std::uint32_t at = rows[row];
    const bool known = embeddings.is_row_of(at, items[row]);
    const float affinity = known ? dot(query, embeddings.vector(at), embeddings.dimension) : 0.0F;
    out.at(row, kEmbeddingOwn) = affinity + (known ? embeddings.offset(at) : 0.0F);
    out.at(row, kEmbeddingAffinity) = affinity;
    out.at(row, kEmbeddingBias) = known ? embeddings.scalars(at).bias : 0.0F;
    out.at(row, kEmbeddingKnown) = known ? 1.0F : 0.0F;
  }
  relate_to_best(items.size(), out);
}

}  // namespace freshet::online

#include "online/embedding_ranking.h"

#include <algorithm>
#include <cmath>

#include "online/best.h"
#include "online/kernels.h"
#include "online/simd.h"

namespace freshet::online {
namespace {

constexpr float kUnknown = -12.0F;        // log-odds of an item without a row against the best candidate
constexpr std::size_t kRerankFactor = 2;  // 8-bit survivors per item asked for
constexpr std::size_t kRerankAtLeast = 100;
constexpr std::size_t kPrefetch = 8;  // rows ahead of the one that is scored

FRESHET_SIMD std::uint32_t count_at_least(const float* values, std::size_t size, float threshold) {
  std::uint32_t count = 0;
#pragma omp simd reduction(+ : count)
  for (std::size_t i = 0; i < size; ++i) count += values[i] >= threshold ? 1U : 0U;
  return count;
}

/// A threshold that at least `count` of the values reach, and seldom many more: by bisection, since counting has no
/// branches to guess, as sorting has.
float threshold_for(std::span<const float> values, std::size_t count) {
  constexpr float kRange = 32.0F;  // log-odds
  constexpr int kSteps = 16;
  float high = *std::ranges::max_element(values);
  float low = high - kRange;
  if (count_at_least(values.data(), values.size(), low) < count) return -INFINITY;
  for (int step = 0; step < kSteps; ++step) {
    const float middle = low + (high - low) / 2;
    const std::size_t reached = count_at_least(values.data(), values.size(), middle);
    (reached >= count ? low : high) = middle;
    if (reached >= count && reached <= count + count / 4) break;
  }
  return low;
}

/// The floats of a few rows lie all over the table: asked for early, they are there when it is their turn.
void prefetch(const EmbeddingView& embeddings, std::uint32_t row) {
  if (row == kNoRow) return;
  const float* vector = embeddings.vector(row);
  for (std::size_t i = 0; i < embeddings.dimension; i += kLanes) __builtin_prefetch(vector + i);
}

/// All rows scored by their 8-bit copies, and the best of them. There is at least one.
struct Scan {
  std::vector<std::int8_t> query;
  std::vector<float> scores;    // by row
  std::vector<float> peaks;     // the best of every block of rows
  std::vector<Candidate> best;  // rows, not yet items

  void run(const EmbeddingView& embeddings, std::span<const float> exact_query);
  void select(std::size_t count);
};

void Scan::run(const EmbeddingView& embeddings, std::span<const float> exact_query) {
  constexpr std::size_t kRows = EmbeddingPage::kRows;
  query.resize(embeddings.dimension);
  const float query_scale = quantise(exact_query.data(), embeddings.dimension, query.data());
  const std::size_t pages = (embeddings.rows + kRows - 1) / kRows;
  scores.resize(pages * kRows);
  peaks.resize(pages * kRows / kBlockRows);
  for (std::size_t p = 0; p < pages; ++p) {
    const EmbeddingPage& page = *embeddings.pages[p];
    score_blocks(page.quantised.data(), kRows / kBlockRows, query.data(), embeddings.dimension, query_scale,
                 {page.scale.data(), page.bias.data(), page.prior.data()}, &scores[p * kRows],
                 &peaks[p * kRows / kBlockRows]);
  }
  scores.resize(embeddings.rows);
  peaks.resize((embeddings.rows + kBlockRows - 1) / kBlockRows);
  const auto last_block = scores.begin() + static_cast<std::ptrdiff_t>((peaks.size() - 1) * kBlockRows);
  peaks.back() = *std::max_element(last_block, scores.end());
}

/// Leaves the best `count` rows in `best` and some more, in no order. That many peaks reach the threshold, so no row
/// below it is among them, and only blocks whose peak reaches it need a look.
void Scan::select(std::size_t count) {
  const float threshold = peaks.size() > count ? threshold_for(peaks, count) : -INFINITY;
  best.clear();
  for (std::size_t peak = 0; peak < peaks.size(); ++peak) {
    if (peaks[peak] < threshold) continue;
    const std::size_t end = std::min(scores.size(), (peak + 1) * kBlockRows);
    for (std::size_t row = peak * kBlockRows; row < end; ++row) {
      if (scores[row] >= threshold) best.push_back({static_cast<std::uint32_t>(row), scores[row]});
    }
  }
  if (best.size() > 2 * count) cut_to_best(best, count);
}

}  // namespace

void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   std::vector<Candidate>& out) {
  if (k == 0 || embeddings.rows == 0) return;
  thread_local Scan scan;
  scan.run(embeddings, query);
  scan.select(std::max(kRerankFactor * k, kRerankAtLeast) + 1);
  thread_local std::vector<Candidate> ranked;
  ranked.clear();
  for (std::size_t n = 0; n < scan.best.size(); ++n) {
    if (n + kPrefetch < scan.best.size()) prefetch(embeddings, scan.best[n + kPrefetch].item);
    const std::uint32_t row = scan.best[n].item;
    const ItemIndex item = embeddings.page(row).item[row % EmbeddingPage::kRows];
    if (item == kNoItem || item == except) continue;
    ranked.push_back({item, dot(query.data(), embeddings.vector(row), embeddings.dimension) + embeddings.offset(row)});
  }
  keep_best(ranked, k);
  out.insert(out.end(), ranked.begin(), ranked.end());
}

void relate_to_best(std::size_t rows, FeatureColumns out) {
  float largest = -INFINITY;
  for (std::size_t row = 0; row < rows; ++row) {
    if (out.at(row, 4) > 0) largest = std::max(largest, out.at(row, 0));
  }
  float sum = 1e-9F;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool known = out.at(row, 4) > 0;
    out.at(row, 0) = known ? std::max(kUnknown, out.at(row, 0) - largest) : kUnknown;
    sum += known ? std::exp(out.at(row, 0)) : 0.0F;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    out.at(row, 1) = out.at(row, 4) > 0 ? std::exp(out.at(row, 0)) / sum : 0.0F;
  }
}

void score_items(const EmbeddingView& embeddings, const float* query, std::span<const ItemIndex> candidates,
                 FeatureColumns out) {
  thread_local std::vector<std::uint32_t> rows;
  rows.assign(candidates.size() + kPrefetch, kNoRow);
  for (std::size_t row = 0; query != nullptr && row < candidates.size(); ++row) {
    rows[row] = embeddings.row_of(candidates[row]);
  }
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    prefetch(embeddings, rows[row + kPrefetch]);
    const std::uint32_t at = rows[row];
    const bool known = at != kNoRow;
    const float affinity = known ? dot(query, embeddings.vector(at), embeddings.dimension) : 0.0F;
    out.at(row, 0) = affinity + (known ? embeddings.offset(at) : 0.0F);
    out.at(row, 2) = affinity;
    out.at(row, 3) = known ? embeddings.bias(at) : 0.0F;
    out.at(row, 4) = known ? 1.0F : 0.0F;
  }
  relate_to_best(candidates.size(), out);
}

}  // namespace freshet::online

#include "online/embedding_ranking.h"

#include <algorithm>
#include <cmath>

#include "online/kernels.h"
#include "online/simd.h"

namespace freshet::online {
namespace {

constexpr float kUnknown = -12.0F;        // log-odds of an item without a row against the best candidate
constexpr std::size_t kRerankFactor = 2;  // 8-bit survivors per item asked for
constexpr std::size_t kRerankAtLeast = 100;

/// Keeps the best `capacity` of a stream of (score, row) by discarding below a rising threshold.
class Best {
 public:
  struct Entry {
    float score;
    std::uint32_t row;
  };

  void reset(std::size_t capacity) {
    capacity_ = capacity;
    threshold_ = -INFINITY;
    entries_.clear();
  }

  float threshold() const { return threshold_; }

  void push(float score, std::uint32_t row) {
    entries_.push_back({score, row});
    if (entries_.size() >= 2 * capacity_) shrink();
  }

  std::vector<Entry>& finish() {
    if (entries_.size() > capacity_) shrink();
    return entries_;
  }

  static bool better(const Entry& a, const Entry& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; }

 private:
  void shrink() {
    std::nth_element(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(capacity_) - 1, entries_.end(),
                     better);
    entries_.resize(capacity_);
    threshold_ = entries_.back().score;
  }

  std::size_t capacity_ = 1;
  float threshold_ = 0;
  std::vector<Entry> entries_;
};

/// What the products of a page's rows come to; returns the largest.
FRESHET_SIMD float score_rows(const std::int32_t* products, float query_scale, const EmbeddingPage& page,
                              std::size_t rows, float* scores) {
  const float *scale = page.scale.data(), *bias = page.bias.data(), *prior = page.prior.data();
  float largest = -INFINITY;
#pragma omp simd reduction(max : largest)
  for (std::size_t row = 0; row < rows; ++row) {
    scores[row] = static_cast<float>(products[row]) * query_scale * scale[row] + bias[row] + prior[row];
    largest = scores[row] > largest ? scores[row] : largest;
  }
  return largest;
}

}  // namespace

void nearest_items(const EmbeddingView& embeddings, std::span<const float> query, std::size_t k, ItemIndex except,
                   std::vector<Candidate>& out) {
  if (k == 0) return;
  const std::size_t d = embeddings.dimension;
  thread_local Best best;
  best.reset(std::max(kRerankFactor * k, kRerankAtLeast) + 1);
  thread_local std::vector<std::int8_t> rounded;
  rounded.resize(d);
  const float query_scale = quantise(query.data(), d, rounded.data());
  std::array<std::int32_t, EmbeddingPage::kRows> products;
  std::array<float, EmbeddingPage::kRows> scores;
  for (std::uint32_t first = 0; first < embeddings.rows; first += EmbeddingPage::kRows) {
    const EmbeddingPage& page = embeddings.page(first);
    const std::size_t rows = std::min<std::size_t>(EmbeddingPage::kRows, embeddings.rows - first);
    const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
    scan_blocks(page.quantised.data(), blocks, rounded.data(), d, products.data());
    const float largest = score_rows(products.data(), query_scale, page, rows, scores.data());
    for (std::size_t row = 0; largest > best.threshold() && row < rows; ++row) {
      if (scores[row] > best.threshold()) best.push(scores[row], first + static_cast<std::uint32_t>(row));
    }
  }
  auto& entries = best.finish();
  for (auto& entry : entries) {
    entry.score = dot(query.data(), embeddings.vector(entry.row), d) + embeddings.offset(entry.row);
  }
  std::ranges::sort(entries, Best::better);
  for (const auto& entry : entries) {
    if (k == 0) break;
    const ItemIndex item = embeddings.page(entry.row).item[entry.row % EmbeddingPage::kRows];
    if (item == kNoItem || item == except) continue;
    out.push_back({item, entry.score});
    --k;
  }
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
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const std::uint32_t at = query == nullptr ? kNoRow : embeddings.row_of(candidates[row]);
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

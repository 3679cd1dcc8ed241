#include "online/lstm_scorer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "online/kernels.h"

namespace freshet::online {
namespace {

constexpr std::array<std::string_view, 5> kFeatures{"own", "share", "affinity", "bias", "known"};
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

/// One LSTM step: `state` and `cell` become those after `input`.
void step(const LstmWeights& weights, const float* input, std::vector<float>& gates, float* state, float* cell) {
  const std::size_t d = weights.dimension;
  gates = weights.gate_bias;
  add_product(gates.data(), weights.input_weights.data(), input, d, 4 * d);
  add_product(gates.data(), weights.state_weights.data(), state, d, 4 * d);
  sigmoid(gates.data(), 2 * d);
  hyperbolic_tangent(gates.data() + 2 * d, d);
  sigmoid(gates.data() + 3 * d, d);
  for (std::size_t i = 0; i < d; ++i) state[i] = cell[i] = gates[d + i] * cell[i] + gates[i] * gates[2 * d + i];
  hyperbolic_tangent(state, d);
  for (std::size_t i = 0; i < d; ++i) state[i] *= gates[3 * d + i];
}

/// Of one published or live scorer, so that a memo is never taken for another's.
std::uint64_t next_identity() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

std::span<const std::string_view> LstmScorer::features() const { return kFeatures; }

bool LstmScorer::encode(const Context& context, std::vector<float>& vector) const {
  thread_local std::vector<float> gates, state, cell;
  const std::size_t d = weights_.dimension;
  state.assign(d, 0);
  cell.assign(d, 0);
  const float* last = nullptr;
  const std::size_t from = context.session.size() - std::min(max_session_items_, context.session.size());
  for (std::size_t i = from; i < context.session.size(); ++i) {
    const std::uint32_t row = embeddings_.row_of(context.session[i].item);
    if (row == kNoRow) continue;
    last = embeddings_.vector(row);
    step(weights_, last, gates, state.data(), cell.data());
  }
  if (last == nullptr) return false;
  vector.resize(d);
  for (std::size_t i = 0; i < d; ++i) {
    vector[i] = dot(weights_.output_weights.data() + i * d, state.data(), d) + weights_.skip[i] * last[i];
  }
  return true;
}

/// encode(), remembered from propose() to score().
const std::vector<float>* LstmScorer::encoded(const Context& context) const {
  struct Memo {
    std::uint64_t scorer = 0, version = 0;
    std::vector<ItemIndex> session;
    bool known = false;
    std::vector<float> vector;
  };
  thread_local Memo memo;
  const bool same_session = std::ranges::equal(memo.session, context.session, {}, {}, &Visit::item);
  if (memo.scorer != identity_ || memo.version != version_ || !same_session) {
    memo.scorer = identity_;
    memo.version = version_;
    memo.session.clear();
    for (const Visit& visit : context.session) memo.session.push_back(visit.item);
    memo.known = encode(context, memo.vector);
  }
  return memo.known ? &memo.vector : nullptr;
}

LstmScorer::LstmScorer(const LstmWeights& weights, const EmbeddingView& embeddings, std::size_t max_session_items)
    : weights_(weights), embeddings_(embeddings), max_session_items_(max_session_items), identity_(next_identity()) {}

void LstmScorer::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  const std::vector<float>* vector = encoded(context);
  if (vector == nullptr || k == 0) return;
  const std::size_t d = weights_.dimension;
  thread_local Best best;
  best.reset(std::max(kRerankFactor * k, kRerankAtLeast) + 1);
  thread_local std::vector<std::int8_t> query;
  query.resize(d);
  const float query_scale = quantise(vector->data(), d, query.data());
  std::array<std::int32_t, EmbeddingPage::kRows> products;
  std::array<float, EmbeddingPage::kRows> scores;
  for (std::uint32_t first = 0; first < embeddings_.rows; first += EmbeddingPage::kRows) {
    const EmbeddingPage& page = embeddings_.page(first);
    const std::size_t rows = std::min<std::size_t>(EmbeddingPage::kRows, embeddings_.rows - first);
    const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
    scan_blocks(page.quantised.data(), blocks, query.data(), d, products.data());
    for (std::size_t row = 0; row < rows; ++row) {
      scores[row] =
          static_cast<float>(products[row]) * query_scale * page.scale[row] + page.bias[row] + page.prior[row];
    }
    for (std::size_t row = 0; row < rows; ++row) {
      if (scores[row] > best.threshold()) best.push(scores[row], first + static_cast<std::uint32_t>(row));
    }
  }
  auto& entries = best.finish();
  for (auto& entry : entries) {
    entry.score = dot(vector->data(), embeddings_.vector(entry.row), d) + embeddings_.offset(entry.row);
  }
  std::ranges::sort(entries, Best::better);
  for (const auto& entry : entries) {
    if (k == 0) break;
    const ItemIndex item = embeddings_.page(entry.row).item[entry.row % EmbeddingPage::kRows];
    if (item == kNoItem || item == context.last_item()) continue;
    out.push_back({item, entry.score});
    --k;
  }
}

void LstmScorer::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  const std::vector<float>* vector = encoded(context);
  float largest = -INFINITY;
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const std::uint32_t at = vector == nullptr ? kNoRow : embeddings_.row_of(candidates[row]);
    const bool known = at != kNoRow;
    const float affinity = known ? dot(vector->data(), embeddings_.vector(at), weights_.dimension) : 0.0F;
    const float offset = known ? embeddings_.offset(at) : 0.0F;
    out.at(row, 0) = affinity + offset;
    out.at(row, 2) = affinity;
    out.at(row, 3) = known ? embeddings_.page(at).bias[at % EmbeddingPage::kRows] : 0.0F;
    out.at(row, 4) = known ? 1.0F : 0.0F;
    if (known) largest = std::max(largest, affinity + offset);
  }
  float sum = 1e-9F;
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const bool known = out.at(row, 4) > 0;
    out.at(row, 0) = known ? std::max(kUnknown, out.at(row, 0) - largest) : kUnknown;
    sum += known ? std::exp(out.at(row, 0)) : 0.0F;
  }
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    out.at(row, 1) = out.at(row, 4) > 0 ? std::exp(out.at(row, 0)) / sum : 0.0F;
  }
}

}  // namespace freshet::online

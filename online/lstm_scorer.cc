#include "online/lstm_scorer.h"

#include <algorithm>

#include "online/embedding_ranking.h"
#include "online/identity.h"
#include "online/kernels.h"

namespace freshet::online {
namespace {

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

}  // namespace

std::span<const std::string_view> LstmScorer::features() const { return kEmbeddingFeatures; }

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
  if (vector != nullptr) nearest_items(embeddings_, *vector, k, context.last_item(), out);
}

void LstmScorer::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  const std::vector<float>* vector = encoded(context);
  score_items(embeddings_, vector == nullptr ? nullptr : vector->data(), candidates, out);
}

}  // namespace freshet::online

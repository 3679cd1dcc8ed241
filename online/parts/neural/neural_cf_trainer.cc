// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/neural_cf_trainer.h"

#include <cmath>

#include "online/parts/neural/tensors.h"

namespace freshet::online {

struct NeuralCfTrainer::Impl {
  Impl(std::size_t the_dimension, std::size_t the_hidden, std::size_t negatives, double learning_rate, Random random)
      : dimension(static_cast<std::int64_t>(the_dimension)),
        hidden(static_cast<std::int64_t>(the_hidden)),
        rate(static_cast<float>(learning_rate)) {
    weights1 = make_weight({2 * dimension, hidden}, 1 / std::sqrt(static_cast<double>(2 * dimension)), 0, random);
    bias1 = make_weight({hidden}, 0, 0, random);
    weights2 = make_weight({hidden, hidden / 2}, 1 / std::sqrt(static_cast<double>(hidden)), 0, random);
    bias2 = make_weight({hidden / 2}, 0, 0, random);
    // At first the perceptron's output is small, and the dot product of the vectors decides.
    weights3 = make_weight({hidden / 2}, 0.1 / std::sqrt(static_cast<double>(hidden)), 0, random);
    offset = make_weight({1}, 0, -std::log(static_cast<double>(negatives)), random);
  }

  std::vector<Weight*> all() { return {&weights1, &bias1, &weights2, &bias2, &weights3, &offset}; }

  std::int64_t dimension, hidden;
  float rate;
  Weight weights1, bias1, weights2, bias2, weights3, offset;  // weights1: first the user's rows, then the item's
};

NeuralCfTrainer::NeuralCfTrainer(std::size_t dimension, std::size_t hidden, std::size_t negatives, double learning_rate,
                                 std::uint64_t seed) {
  // Two threads would spin on cores that serving needs; small batches gain nothing from them.
  at::set_num_threads(1);
  impl_ =
      at_the_edge([&] { return std::make_unique<Impl>(dimension, hidden, negatives, learning_rate, Random(seed)); });
}

NeuralCfTrainer::~NeuralCfTrainer() = default;

NeuralCfGradients NeuralCfTrainer::step(const NeuralCfBatch& batch) {
  return at_the_edge([&] {
    const Impl& m = *impl_;
    const auto pairs = static_cast<std::int64_t>(batch.clicked.size());
    const auto rows = [&](const std::vector<float>& values) {
      return float_tensor(values, {static_cast<std::int64_t>(values.size()) / m.dimension, m.dimension});
    };
    torch::Tensor users = rows(batch.users);
    torch::Tensor items = rows(batch.items);
    torch::Tensor biases = float_tensor(batch.biases, {static_cast<std::int64_t>(batch.biases.size())});
    for (torch::Tensor* leaf : {&users, &items, &biases}) leaf->requires_grad_(true);

    const torch::Tensor pair_item = index_tensor(batch.pair_item);
    const torch::Tensor p = users.index_select(0, index_tensor(batch.pair_user));
    const torch::Tensor q = items.index_select(0, pair_item);
    const torch::Tensor first = torch::relu(torch::addmm(m.bias1.value, torch::cat({p, q}, 1), m.weights1.value));
    const torch::Tensor second = torch::relu(torch::addmm(m.bias2.value, first, m.weights2.value));
    const torch::Tensor log_odds =
        (p * q).sum(1) + biases.index_select(0, pair_item) + torch::mv(second, m.weights3.value) + m.offset.value;
    const torch::Tensor loss = torch::binary_cross_entropy_with_logits(log_odds, float_tensor(batch.clicked, {pairs}),
                                                                       float_tensor(batch.weights, {pairs}));
    loss.backward();

    NeuralCfGradients gradients{to_vector(users.grad()), to_vector(items.grad()), to_vector(biases.grad()),
                                to_vector(log_odds.detach())};
    for (Weight* weight : impl_->all()) weight->step(m.rate);
    return gradients;
  });
}

void NeuralCfTrainer::export_weights(NeuralCfWeights& out) const {
  const Impl& m = *impl_;
  const auto copy = [](std::span<const float> values, std::vector<float>& to) {
    to.assign(values.begin(), values.end());
  };
  out.dimension = static_cast<std::size_t>(m.dimension);
  out.hidden = static_cast<std::size_t>(m.hidden);
  copy(m.weights1.values().first(out.dimension * out.hidden), out.user_weights);
  copy(m.weights1.values().last(out.dimension * out.hidden), out.item_weights);
  copy(m.bias1.values(), out.bias1);
  copy(m.weights2.values(), out.weights2);
  copy(m.bias2.values(), out.bias2);
  copy(m.weights3.values(), out.weights3);
  out.offset = m.offset.values().front();
}

void NeuralCfTrainer::save(ByteWriter& out) const {
  for (const Weight* weight : impl_->all()) weight->save(out);
}

bool NeuralCfTrainer::load(ByteReader& in) {
  return std::ranges::all_of(impl_->all(), [&](Weight* weight) { return weight->load(in); });
}

}  // namespace freshet::online

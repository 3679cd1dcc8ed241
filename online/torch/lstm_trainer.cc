#include "online/torch/lstm_trainer.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "online/torch/tensors.h"

namespace freshet::online {

struct LstmTrainer::Impl {
  Impl(std::size_t the_dimension, double learning_rate, Random random)
      : dimension(static_cast<std::int64_t>(the_dimension)), rate(static_cast<float>(learning_rate)) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(dimension));
    input_weights = make_weight({dimension, 4 * dimension}, scale, 0, random);
    state_weights = make_weight({dimension, 4 * dimension}, scale, 0, random);
    gate_bias = make_weight({4 * dimension}, 0, 0, random);
    // Remember by default (Jozefowicz et al., ICML 2015).
    gate_bias.value.detach().slice(0, dimension, 2 * dimension).fill_(1.0F);
    // In the beginning the session vector is the last item: neighbours of what was just looked at.
    output_weights = make_weight({dimension, dimension}, 0.1 * scale, 0, random);
    skip = make_weight({dimension}, 0, 1, random);
  }

  std::vector<Weight*> all() { return {&input_weights, &state_weights, &gate_bias, &output_weights, &skip}; }

  /// [b][d], in the order of the batch.
  torch::Tensor session_vectors(const LstmBatch& batch, const torch::Tensor& vectors) const;

  std::int64_t dimension;
  float rate;
  Weight input_weights, state_weights, gate_bias, output_weights, skip;
};

LstmTrainer::LstmTrainer(std::size_t dimension, double learning_rate, std::uint64_t seed) {
  // Two threads would spin on cores that serving needs; small batches gain nothing from them.
  at::set_num_threads(1);
  impl_ = at_the_edge([&] { return std::make_unique<Impl>(dimension, learning_rate, Random(seed)); });
}

LstmTrainer::~LstmTrainer() = default;

torch::Tensor LstmTrainer::Impl::session_vectors(const LstmBatch& batch, const torch::Tensor& vectors) const {
  const std::size_t examples = batch.sessions.size();
  // Longest first: step t then concerns a leading part of the batch, and nothing is computed for padding.
  std::vector<std::uint32_t> order(examples);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return batch.sessions[a].size() > batch.sessions[b].size(); });
  std::vector<std::uint32_t> place(examples), last(examples);
  for (std::size_t i = 0; i < examples; ++i) {
    place[order[i]] = static_cast<std::uint32_t>(i);
    last[i] = batch.sessions[i].back();
  }

  torch::Tensor state, cell;
  std::vector<torch::Tensor> finished;  // states of sessions as they end: shortest last in `order`, so first here
  const std::size_t steps = batch.sessions[order.front()].size();
  for (std::size_t t = 0; t < steps; ++t) {
    std::vector<std::uint32_t> inputs;
    for (const std::uint32_t example : order) {
      if (batch.sessions[example].size() <= t) break;
      inputs.push_back(batch.sessions[example][t]);
    }
    const auto running = static_cast<std::int64_t>(inputs.size());
    const torch::Tensor x = vectors.index_select(0, index_tensor(inputs));
    torch::Tensor gates = torch::addmm(gate_bias.value, x, input_weights.value);
    if (t > 0) {
      if (running < state.size(0)) {
        finished.push_back(state.slice(0, running));
        state = state.slice(0, 0, running);
        cell = cell.slice(0, 0, running);
      }
      gates = torch::addmm(gates, state, state_weights.value);
    }
    const auto gate = gates.chunk(4, 1);
    const torch::Tensor update = torch::sigmoid(gate[0]) * torch::tanh(gate[2]);
    cell = t > 0 ? torch::sigmoid(gate[1]) * cell + update : update;
    state = torch::sigmoid(gate[3]) * torch::tanh(cell);
  }
  finished.push_back(state);
  std::ranges::reverse(finished);
  const torch::Tensor states = torch::cat(finished, 0).index_select(0, index_tensor(place));
  const torch::Tensor last_vectors = vectors.index_select(0, index_tensor(last));
  return torch::addmm(last_vectors * skip.value, states, output_weights.value.t());
}

LstmGradients LstmTrainer::step(const LstmBatch& batch) {
  return at_the_edge([&] {
    const auto examples = static_cast<std::int64_t>(batch.sessions.size());
    const auto classes = static_cast<std::int64_t>(batch.classes.size());
    const auto rows = static_cast<std::int64_t>(batch.vectors.size()) / impl_->dimension;
    torch::Tensor vectors = float_tensor(batch.vectors, {rows, impl_->dimension});
    torch::Tensor biases = float_tensor(batch.biases, {classes});
    vectors.requires_grad_(true);
    biases.requires_grad_(true);

    const torch::Tensor sessions = impl_->session_vectors(batch, vectors);
    const torch::Tensor class_vectors = vectors.index_select(0, index_tensor(batch.classes));
    const torch::Tensor offsets = biases + float_tensor(batch.correction, {classes});
    torch::Tensor logits = torch::addmm(offsets, sessions, class_vectors.t());
    torch::Tensor impossible = torch::zeros({examples, classes}, torch::kBool);
    bool* mask = impossible.data_ptr<bool>();
    for (std::int64_t i = 0; i < examples; ++i) {
      const std::uint32_t excluded = batch.excluded[static_cast<std::size_t>(i)];
      if (excluded != kNoRow) mask[i * classes + excluded] = true;
    }
    logits = logits.masked_fill(impossible, -30.0F);
    const torch::Tensor losses = torch::nn::functional::cross_entropy(
        logits, index_tensor(batch.targets), torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
    const torch::Tensor loss = (losses * float_tensor(batch.weights, {examples})).mean();
    loss.backward();

    LstmGradients gradients{loss.item<float>(), to_vector(vectors.grad()), to_vector(biases.grad())};
    for (Weight* weight : impl_->all()) weight->step(impl_->rate);
    return gradients;
  });
}

std::vector<float> LstmTrainer::encode(const LstmBatch& batch) const {
  return at_the_edge([&] {
    const torch::NoGradGuard no_gradients;
    const auto rows = static_cast<std::int64_t>(batch.vectors.size()) / impl_->dimension;
    return to_vector(impl_->session_vectors(batch, float_tensor(batch.vectors, {rows, impl_->dimension})));
  });
}

void LstmTrainer::export_weights(LstmWeights& out) const {
  const auto copy = [](const Weight& weight, std::vector<float>& values) {
    values.assign(weight.values().begin(), weight.values().end());
  };
  out.dimension = static_cast<std::size_t>(impl_->dimension);
  copy(impl_->input_weights, out.input_weights);
  copy(impl_->state_weights, out.state_weights);
  copy(impl_->gate_bias, out.gate_bias);
  copy(impl_->output_weights, out.output_weights);
  copy(impl_->skip, out.skip);
}

void LstmTrainer::save(ByteWriter& out) const {
  for (const Weight* weight : impl_->all()) weight->save(out);
}

bool LstmTrainer::load(ByteReader& in) {
  return std::ranges::all_of(impl_->all(), [&](Weight* weight) { return weight->load(in); });
}

}  // namespace freshet::online

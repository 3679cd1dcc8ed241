#include "online/torch/lstm_trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "base/check.h"
#include "online/random.h"

namespace freshet::online {
namespace {

constexpr float kEpsilon = 1e-7F;

/// A weight and its Adagrad accumulator.
struct Weight {
  torch::Tensor value;
  std::vector<float> squares;

  void step(float rate) {
    if (!value.grad().defined())
      return;  // no part of this batch's loss: sessions of one item have no state before them
    float* w = value.data_ptr<float>();
    const torch::Tensor gradient = value.grad().contiguous();
    const float* g = gradient.data_ptr<float>();
    for (std::size_t i = 0; i < squares.size(); ++i) {
      squares[i] += g[i] * g[i];
      w[i] -= rate * g[i] / (std::sqrt(squares[i]) + kEpsilon);
    }
    value.mutable_grad().reset();
  }
};

Weight make_weight(std::vector<std::int64_t> shape, double scale, double centre, Random& random) {
  torch::Tensor value = torch::empty(shape);
  float* data = value.data_ptr<float>();
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    data[i] = static_cast<float>(centre + (2 * random.uniform() - 1) * scale);
  }
  value.requires_grad_(true);
  return {value, std::vector<float>(static_cast<std::size_t>(value.numel()))};
}

template <typename T>
torch::Tensor index_tensor(const std::vector<T>& values) {
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(values.size())}, torch::kLong);
  std::ranges::copy(values, tensor.data_ptr<std::int64_t>());
  return tensor;
}

torch::Tensor float_tensor(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return torch::from_blob(const_cast<float*>(values.data()), shape).clone();
}

std::vector<float> to_vector(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

/// Runs `work`; LibTorch's exceptions end here.
template <typename Work>
auto at_the_edge(Work work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    check_failed(error.what_without_backtrace(), __FILE__, __LINE__);
  }
}

}  // namespace

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
    const float* data = weight.value.data_ptr<float>();
    values.assign(data, data + weight.value.numel());
  };
  out.dimension = static_cast<std::size_t>(impl_->dimension);
  copy(impl_->input_weights, out.input_weights);
  copy(impl_->state_weights, out.state_weights);
  copy(impl_->gate_bias, out.gate_bias);
  copy(impl_->output_weights, out.output_weights);
  copy(impl_->skip, out.skip);
}

void LstmTrainer::save(ByteWriter& out) const {
  for (const Weight* weight : impl_->all()) {
    const float* data = weight->value.data_ptr<float>();
    out.array(std::span<const float>(data, weight->squares.size()));
    out.array(std::span<const float>(weight->squares));
  }
}

bool LstmTrainer::load(ByteReader& in) {
  for (Weight* weight : impl_->all()) {
    const auto values = in.array<float>();
    auto squares = in.array<float>();
    if (!in.ok() || values.size() != weight->squares.size() || squares.size() != values.size()) return false;
    std::ranges::copy(values, weight->value.data_ptr<float>());
    weight->squares = std::move(squares);
  }
  return true;
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/lstm_part.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "online/parts/neural/lstm_encoder.h"
#include "online/parts/neural/sequence_network.h"
#include "online/parts/neural/sequence_part.h"

namespace freshet::online {
namespace {

class LstmNetwork final : public SequenceNetwork {
 public:
  LstmNetwork(std::size_t dimension, Random random) : dimension_(static_cast<std::int64_t>(dimension)) {
    const std::int64_t d = dimension_;
    const double scale = 1.0 / std::sqrt(static_cast<double>(d));
    input_weights_ = make_weight({d, 4 * d}, scale, 0, random);
    state_weights_ = make_weight({d, 4 * d}, scale, 0, random);
    gate_bias_ = make_weight({4 * d}, 0, 0, random);
    // Forget gate bias 1: remember by default (Jozefowicz et al., ICML 2015).
    gate_bias_.value.detach().slice(0, d, 2 * d).fill_(1.0F);
    // At first the session vector is about the last item's embedding, so that its neighbors are proposed.
    output_weights_ = make_weight({d, d}, 0.1 * scale, 0, random);
    skip_ = make_weight({d}, 0, 1, random);
  }

  torch::Tensor encode(const SequenceBatch& batch, const torch::Tensor& vectors) const override;

  std::vector<Weight*> weights() override {
    return {&input_weights_, &state_weights_, &gate_bias_, &output_weights_, &skip_};
  }

  std::shared_ptr<const SequenceEncoder> encoder() const override {
    auto encoder = std::make_shared<LstmEncoder>();
    encoder->dimension = static_cast<std::size_t>(dimension_);
    encoder->input_weights = to_vector(input_weights_.value);
    encoder->state_weights = to_vector(state_weights_.value);
    encoder->gate_bias = to_vector(gate_bias_.value);
    encoder->output_weights = to_vector(output_weights_.value);
    encoder->skip = to_vector(skip_.value);
    return encoder;
  }

 private:
  const std::int64_t dimension_;
  Weight input_weights_, state_weights_, gate_bias_, output_weights_, skip_;
};

torch::Tensor LstmNetwork::encode(const SequenceBatch& batch, const torch::Tensor& vectors) const {
  const std::size_t examples = batch.inputs.size();
  // Longest first: the sessions that have a step t are then the first of the batch, and there is no padding to compute.
  std::vector<std::uint32_t> order(examples);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return batch.inputs[a].size() > batch.inputs[b].size(); });
  std::vector<std::uint32_t> place(examples);
  for (std::size_t i = 0; i < examples; ++i) place[order[i]] = static_cast<std::uint32_t>(i);

  // The inputs' part of the gates' sums, for all steps at once: [inputs of all steps][4 d].
  std::vector<std::uint32_t> inputs;
  std::vector<std::int64_t> running;  // [t]: number of sessions that have a step t
  const std::size_t steps = batch.inputs[order.front()].size();
  for (std::size_t t = 0; t < steps; ++t) {
    const std::size_t before = inputs.size();
    for (const std::uint32_t example : order) {
      if (batch.inputs[example].size() <= t) break;
      inputs.push_back(batch.inputs[example][t]);
    }
    running.push_back(static_cast<std::int64_t>(inputs.size() - before));
  }
  const auto of_inputs =
      torch::addmm(gate_bias_.value, vectors.index_select(0, index_tensor(inputs)), input_weights_.value)
          .split_with_sizes(running);

  torch::Tensor state, cell;
  std::vector<torch::Tensor> finished;  // last states; the shortest sessions come last in `order`, and first here
  for (std::size_t t = 0; t < steps; ++t) {
    torch::Tensor gates = of_inputs[t];
    if (t > 0) {
      if (running[t] < state.size(0)) {
        finished.push_back(state.slice(0, running[t]));
        state = state.slice(0, 0, running[t]);
        cell = cell.slice(0, 0, running[t]);
      }
      gates = torch::addmm(gates, state, state_weights_.value);
    }
    const auto gate = gates.chunk(4, 1);
    const torch::Tensor update = torch::sigmoid(gate[0]) * torch::tanh(gate[2]);
    cell = t > 0 ? torch::sigmoid(gate[1]) * cell + update : update;
    state = torch::sigmoid(gate[3]) * torch::tanh(cell);
  }
  finished.push_back(state);
  std::ranges::reverse(finished);
  const torch::Tensor states = torch::cat(finished, 0).index_select(0, index_tensor(place));
  return torch::addmm(last_vectors(batch, vectors) * skip_.value, states, output_weights_.value.t());
}

}  // namespace

std::unique_ptr<SequenceTrainer> make_lstm_trainer(const LstmOptions& options, std::uint64_t seed) {
  return at_the_edge([&] {
    return std::make_unique<SequenceTrainer>(std::make_unique<LstmNetwork>(options.dimension, Random(seed)),
                                             options.dimension, options.lstm_learning_rate);
  });
}

std::unique_ptr<Part> make_lstm_part(const LstmOptions& options, std::size_t max_items, std::uint64_t seed) {
  return make_sequence_part({kLstm.name, options, std::make_unique<SessionItems>(options.max_session_items),
                             make_lstm_trainer(options, seed)},
                            max_items, seed);
}

std::vector<Option<LstmOptions>> LstmOptions::describe() {
  return with_base<LstmOptions>(
      {
          option::integer("max_session_items", &LstmOptions::max_session_items, {1, 200},
                          "Newest items of the session that the LSTM reads."),
          option::number("lstm_learning_rate", &LstmOptions::lstm_learning_rate, {1e-6, 10},
                         "Adagrad learning rate of the LSTM's own weights."),
      },
      SequenceOptions::describe());
}

constinit const PartKind kLstm{
    .name = "lstm",
    .about =
        "LSTM over the session, tied growing item embeddings, sampled softmax; LibTorch computes gradients, serving is "
        "plain C++",
    .on_by_default = true,
    .describe = describe_part<LstmOptions>,
    .make =
        [](PartContext& context) {
          return make_lstm_part(context.options.part<LstmOptions>(), context.options.max_items, context.options.seed);
        },
};

}  // namespace freshet::online

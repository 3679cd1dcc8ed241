// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/attention_part.h"

#include <algorithm>
#include <cmath>

#include "online/parts/neural/attention_encoder.h"
#include "online/parts/neural/sequence_network.h"
#include "online/parts/neural/sequence_part.h"

namespace freshet::online {
namespace {

class AttentionNetwork final : public SequenceNetwork {
 public:
  AttentionNetwork(std::size_t dimension, std::size_t most_items, Random random)
      : dimension_(static_cast<std::int64_t>(dimension)) {
    const std::int64_t d = dimension_;
    const double scale = 1.0 / std::sqrt(static_cast<double>(2 * d));
    positions_ = make_weight({static_cast<std::int64_t>(most_items), d}, 0.1 * scale, 0, random);
    attention_weights_ = make_weight({2 * d, d}, scale, 0, random);
    hidden_weights_ = make_weight({2 * d, d}, scale, 0, random);
    hidden_bias_ = make_weight({d}, 0, 0, random);
    // At first the session vector is about the last item's embedding, so that its neighbors are proposed.
    output_weights_ = make_weight({d, d}, 0.1 * scale, 0, random);
    skip_ = make_weight({d}, 0, 1, random);
  }

  torch::Tensor encode(const SequenceBatch& batch, const torch::Tensor& vectors) const override {
    const auto examples = static_cast<std::int64_t>(batch.inputs.size());
    std::size_t longest = 0;
    for (const auto& inputs : batch.inputs) longest = std::max(longest, inputs.size());
    // By position from the end, so that the newest item of each session is in column 0 and padding comes last.
    std::vector<std::uint32_t> rows;
    std::vector<float> lengths;
    torch::Tensor padding = torch::zeros({examples, static_cast<std::int64_t>(longest)}, torch::kBool);
    bool* padded = padding.data_ptr<bool>();
    for (const auto& inputs : batch.inputs) {
      rows.insert(rows.end(), inputs.rbegin(), inputs.rend());
      rows.resize(rows.size() + longest - inputs.size());
      padded = std::fill_n(padded, inputs.size(), false);
      padded = std::fill_n(padded, longest - inputs.size(), true);
      lengths.push_back(static_cast<float>(inputs.size()));
    }
    const auto most = static_cast<std::int64_t>(longest);
    const torch::Tensor items = vectors.index_select(0, index_tensor(rows))
                                    .view({examples, most, dimension_})
                                    .masked_fill(padding.unsqueeze(2), 0);
    const torch::Tensor last = items.select(1, 0);
    const torch::Tensor mean = items.sum(1) / float_tensor(lengths, {examples, 1});
    const torch::Tensor placed = items + positions_.value.slice(0, 0, most);
    const torch::Tensor query = torch::mm(torch::cat({last, mean}, 1), attention_weights_.value);
    const torch::Tensor scores =
        torch::bmm(placed, query.unsqueeze(2)).squeeze(2) / std::sqrt(static_cast<double>(dimension_));
    const torch::Tensor shares = torch::softmax(scores.masked_fill(padding, -INFINITY), 1);
    const torch::Tensor mixed = torch::bmm(shares.unsqueeze(1), placed).squeeze(1);
    const torch::Tensor hidden =
        torch::tanh(torch::addmm(hidden_bias_.value, torch::cat({last, mixed}, 1), hidden_weights_.value));
    return torch::addmm(last * skip_.value, hidden, output_weights_.value);
  }

  std::vector<Weight*> weights() override {
    return {&positions_, &attention_weights_, &hidden_weights_, &hidden_bias_, &output_weights_, &skip_};
  }

  std::shared_ptr<const SequenceEncoder> encoder() const override {
    auto encoder = std::make_shared<AttentionEncoder>();
    encoder->dimension = static_cast<std::size_t>(dimension_);
    encoder->positions = to_vector(positions_.value);
    encoder->attention_weights = to_vector(attention_weights_.value);
    encoder->hidden_weights = to_vector(hidden_weights_.value);
    encoder->hidden_bias = to_vector(hidden_bias_.value);
    encoder->output_weights = to_vector(output_weights_.value);
    encoder->skip = to_vector(skip_.value);
    return encoder;
  }

 private:
  const std::int64_t dimension_;
  Weight positions_, attention_weights_, hidden_weights_, hidden_bias_, output_weights_, skip_;
};

}  // namespace

std::unique_ptr<SequenceTrainer> make_attention_trainer(const AttentionOptions& options, std::uint64_t seed) {
  return at_the_edge([&] {
    return std::make_unique<SequenceTrainer>(
        std::make_unique<AttentionNetwork>(options.dimension, options.max_session_items, Random(seed)),
        options.dimension, options.attention_learning_rate);
  });
}

std::unique_ptr<Part> make_attention_part(const AttentionOptions& options, std::size_t max_items, std::uint64_t seed) {
  return make_sequence_part({kAttention.name, options, std::make_unique<SessionItems>(options.max_session_items),
                             make_attention_trainer(options, seed)},
                            max_items, seed);
}

std::vector<Option<AttentionOptions>> AttentionOptions::describe() {
  return with_base<AttentionOptions>(
      {
          option::integer("max_session_items", &AttentionOptions::max_session_items, {1, 200},
                          "Newest items of the session that the model attends to."),
          option::number("attention_learning_rate", &AttentionOptions::attention_learning_rate, {1e-6, 10},
                         "Adagrad learning rate of the positions and the attention weights."),
      },
      SequenceOptions::describe());
}

constinit const PartKind kAttention{
    .name = "attention",
    .about =
        "the last item attends to the session's last items, by content and position (SASRec, STAMP); otherwise as "
        "`lstm`",
    .describe = describe_part<AttentionOptions>,
    .make =
        [](PartContext& context) {
          return make_attention_part(context.options.part<AttentionOptions>(), context.options.max_items,
                                     context.options.seed);
        },
};

}  // namespace freshet::online

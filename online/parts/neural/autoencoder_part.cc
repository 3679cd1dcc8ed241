// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/autoencoder_part.h"

#include <cmath>

#include "online/parts/neural/autoencoder_encoder.h"
#include "online/parts/neural/sequence_network.h"
#include "online/parts/neural/sequence_part.h"
#include "online/parts/neural/user_items.h"

namespace freshet::online {
namespace {

class AutoencoderNetwork final : public SequenceNetwork {
 public:
  AutoencoderNetwork(std::size_t dimension, std::size_t hidden, Random random)
      : dimension_(static_cast<std::int64_t>(dimension)), hidden_(static_cast<std::int64_t>(hidden)) {
    const double scale = 1.0 / std::sqrt(static_cast<double>(dimension));
    hidden_weights_ = make_weight({dimension_, hidden_}, scale, 0, random);
    hidden_bias_ = make_weight({hidden_}, 0, 0, random);
    // At first the vector is about the sum of the items' embeddings, so that neighbors of all of them are proposed.
    output_weights_ = make_weight({hidden_, dimension_}, 0.1 / std::sqrt(static_cast<double>(hidden)), 0, random);
    skip_ = make_weight({dimension_}, 0, 1, random);
  }

  torch::Tensor encode(const SequenceBatch& batch, const torch::Tensor& vectors) const override {
    const auto examples = static_cast<std::int64_t>(batch.inputs.size());
    std::vector<std::uint32_t> rows, owners;
    std::vector<float> scales;
    for (std::size_t example = 0; example < batch.inputs.size(); ++example) {
      const auto& inputs = batch.inputs[example];
      rows.insert(rows.end(), inputs.begin(), inputs.end());
      owners.resize(rows.size(), static_cast<std::uint32_t>(example));
      scales.push_back(1 / std::sqrt(static_cast<float>(inputs.size())));
    }
    const torch::Tensor sum = torch::zeros({examples, dimension_})
                                  .index_add(0, index_tensor(owners), vectors.index_select(0, index_tensor(rows))) *
                              float_tensor(scales, {examples, 1});
    const torch::Tensor units = torch::tanh(torch::addmm(hidden_bias_.value, sum, hidden_weights_.value));
    return torch::addmm(sum * skip_.value, units, output_weights_.value);
  }

  std::vector<Weight*> weights() override { return {&hidden_weights_, &hidden_bias_, &output_weights_, &skip_}; }

  std::shared_ptr<const SequenceEncoder> encoder() const override {
    auto encoder = std::make_shared<Autoencoder>();
    encoder->dimension = static_cast<std::size_t>(dimension_);
    encoder->hidden = static_cast<std::size_t>(hidden_);
    encoder->hidden_weights = to_vector(hidden_weights_.value);
    encoder->hidden_bias = to_vector(hidden_bias_.value);
    encoder->output_weights = to_vector(output_weights_.value);
    encoder->skip = to_vector(skip_.value);
    return encoder;
  }

 private:
  const std::int64_t dimension_, hidden_;
  Weight hidden_weights_, hidden_bias_, output_weights_, skip_;
};

}  // namespace

std::unique_ptr<SequenceTrainer> make_autoencoder_trainer(const AutoencoderOptions& options, std::uint64_t seed) {
  return at_the_edge([&] {
    return std::make_unique<SequenceTrainer>(
        std::make_unique<AutoencoderNetwork>(options.dimension, options.hidden_units, Random(seed)), options.dimension,
        options.hidden_learning_rate);
  });
}

std::unique_ptr<Part> make_autoencoder_part(const AutoencoderOptions& options, std::size_t max_items,
                                            std::uint64_t seed) {
  return make_sequence_part({kAutoencoder.name, options,
                             std::make_unique<UserItems>(options.max_users, options.max_items_per_user, max_items),
                             make_autoencoder_trainer(options, seed), options.dropout},
                            max_items, seed);
}

std::vector<Option<AutoencoderOptions>> AutoencoderOptions::describe() {
  return with_base<AutoencoderOptions>(
      {
          option::integer("hidden_units", &AutoencoderOptions::hidden_units, {16, 1024, 16},
                          "Width of the hidden layer."),
          option::integer("max_items_per_user", &AutoencoderOptions::max_items_per_user, {1, 1000},
                          "Newest items of a user that the model reads."),
          option::integer("max_users", &AutoencoderOptions::max_users, {1, 100 * option::kMillion},
                          "Largest number of users whose items are remembered. Beyond it the least recently active is "
                          "forgotten."),
          option::number("dropout", &AutoencoderOptions::dropout, {0, 0.99},
                         "Share of a user's items that a training step leaves out."),
          option::number("hidden_learning_rate", &AutoencoderOptions::hidden_learning_rate, {1e-6, 10},
                         "Adagrad learning rate of the hidden layer."),
      },
      SequenceOptions::describe());
}

constinit const PartKind kAutoencoder{
    .name = "autoencoder",
    .about = "denoising autoencoder over the user's newest items, one hidden layer (Mult-DAE); LibTorch",
    .describe = describe_part<AutoencoderOptions>,
    .make =
        [](PartContext& context) {
          return make_autoencoder_part(context.options.part<AutoencoderOptions>(), context.options.max_items,
                                       context.options.seed);
        },
};

}  // namespace freshet::online

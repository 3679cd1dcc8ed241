// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_trainer.h"

#include <algorithm>

#include "online/parts/neural/sequence_network.h"

namespace freshet::online {

SequenceTrainer::SequenceTrainer(std::unique_ptr<SequenceNetwork> network, std::size_t dimension, double learning_rate)
    : network_(std::move(network)),
      dimension_(static_cast<std::int64_t>(dimension)),
      rate_(static_cast<float>(learning_rate)) {
  // Two threads would spin on cores that serving needs; small batches gain nothing from them.
  at::set_num_threads(1);
}

SequenceTrainer::~SequenceTrainer() = default;

SequenceGradients SequenceTrainer::gradients(const SequenceBatch& batch) {
  return at_the_edge([&] {
    const auto examples = static_cast<std::int64_t>(batch.inputs.size());
    const auto classes = static_cast<std::int64_t>(batch.classes.size());
    const auto rows = static_cast<std::int64_t>(batch.vectors.size()) / dimension_;
    torch::Tensor vectors = float_tensor(batch.vectors, {rows, dimension_});
    torch::Tensor biases = float_tensor(batch.biases, {classes});
    vectors.requires_grad_(true);
    biases.requires_grad_(true);

    const torch::Tensor encoded = network_->encode(batch, vectors);
    const torch::Tensor class_vectors = vectors.index_select(0, index_tensor(batch.classes));
    const torch::Tensor offsets = biases + float_tensor(batch.correction, {classes});
    torch::Tensor logits = torch::addmm(offsets, encoded, class_vectors.t());
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

    return SequenceGradients{loss.item<float>(), to_vector(vectors.grad()), to_vector(biases.grad())};
  });
}

void SequenceTrainer::step_weights() {
  at_the_edge([&] {
    for (Weight* weight : network_->weights()) weight->step(rate_);
  });
}

AlignedVector<float> SequenceTrainer::encode(const SequenceBatch& batch) const {
  return at_the_edge([&] {
    const torch::NoGradGuard no_gradients;
    const auto rows = static_cast<std::int64_t>(batch.vectors.size()) / dimension_;
    return to_vector(network_->encode(batch, float_tensor(batch.vectors, {rows, dimension_})));
  });
}

std::shared_ptr<const SequenceEncoder> SequenceTrainer::encoder() const { return network_->encoder(); }

void SequenceTrainer::save(ByteWriter& out) const {
  for (const Weight* weight : network_->weights()) weight->save(out);
}

bool SequenceTrainer::load(ByteReader& in) {
  return std::ranges::all_of(network_->weights(), [&](Weight* weight) { return weight->load(in); });
}

std::size_t SequenceTrainer::memory_bytes() const {
  std::size_t numbers = 0;
  for (const Weight* weight : network_->weights()) numbers += weight->squares.size();
  return 3 * numbers * sizeof(float);
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/neural_cf_part.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "online/containers/numbering.h"
#include "online/measure/calibration.h"
#include "online/parts/neural/neural_cf_scorer.h"
#include "online/parts/neural/neural_cf_trainer.h"
#include "online/parts/neural/sequence_options.h"
#include "online/vectors/item_vectors.h"

namespace freshet::online {
namespace {

/// A click. It has the user's key and the item's number instead of their rows, because another user or item may get the
/// row before the batch is trained.
struct Example {
  OwnerKey session_key = kNobody, user_key = kNobody;
  ItemIndex item = kNoItem;
  float weight = 1.0F;
  bool counted = true;  // in the calibration: the item's vector was not made from this click

  bool belongs_to(OwnerKey key) const { return session_key == key || user_key == key; }
};

class NeuralCfPart final : public Part {
 public:
  NeuralCfPart(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed)
      : options_(options),
        random_(mix64(seed)),
        users_(std::make_shared<UserVectors>(options.dimension, options.max_users)),
        items_(options.dimension, options.learning_rate, options.max_items, max_items, options.admission_count,
               options.exact_items),
        trainer_(options.dimension, options.hidden_units, options.negatives, options.perceptron_learning_rate, seed),
        live_(kNeuralCf.name, weights_, items_.table().shared_live(), users_) {
    trainer_.export_weights(*weights_);
  }

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    return std::make_shared<const NeuralCfScorer>(kNeuralCf.name, std::make_shared<const NeuralCfWeights>(*weights_),
                                                  items_.table().publish(), users_);
  }

  void observe(const Context&, const Interaction& event) override {
    const auto folded = items_.observe(event, *users_, random_);
    if (folded.row == kNoRow || folded.is_new_user) return;
    pending_.push_back({event.session_key, event.user_key, event.item, event.weight, !folded.is_new_item});
    // Batches end after a number of examples, never after a time, so that a restarted learner makes the same ones.
    if (pending_.size() >= options_.batch_examples) train();
  }

  void forget_item(ItemIndex item) override {
    items_.forget(item);
    std::erase_if(pending_, [&](const Example& example) { return example.item == item; });
  }

  void erase(OwnerKey key) override {
    users_->erase(key);
    std::erase_if(pending_, [&](const Example& example) { return example.belongs_to(key); });
  }

  void save(ByteWriter& out) const override {
    out.varint(options_.dimension);
    out.varint(options_.hidden_units);
    out.varint(options_.max_items);
    out.varint(options_.max_users);
    random_.save(out);
    users_->save(out);
    items_.save(out);
    trainer_.save(out);
    calibration_.save(out);
    out.varint(pending_.size());
    for (const Example& example : pending_) {
      out.fixed(example.session_key);
      out.fixed(example.user_key);
      out.fixed(example.item);
      out.fixed(example.weight);
      out.fixed(static_cast<std::uint8_t>(example.counted));
    }
  }

  Result<void> load(ByteReader& in) override {
    if (in.varint() != options_.dimension || in.varint() != options_.hidden_units ||
        in.varint() != options_.max_items || in.varint() != options_.max_users) {
      return Error{Errc::invalid, "neural_cf: made with another dimension, hidden layer or number of items or users"};
    }
    const Error corrupt = not_a_saved_state(kNeuralCf.name);
    random_.load(in);
    if (!users_->load(in) || !items_.load(in) || !trainer_.load(in)) return corrupt;
    calibration_.load(in);
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > in.remaining()) return corrupt;
    for (std::uint64_t i = 0; i < count; ++i) {
      Example example;
      example.session_key = in.fixed<OwnerKey>();
      example.user_key = in.fixed<OwnerKey>();
      example.item = in.fixed<ItemIndex>();
      example.weight = in.fixed<float>();
      example.counted = in.fixed<std::uint8_t>() != 0;
      pending_.push_back(example);
    }
    trainer_.export_weights(*weights_);
    return in.ok() ? Result<void>{} : corrupt;
  }

  std::size_t memory_bytes() const override {
    const NeuralCfWeights& w = *weights_;
    const std::size_t perceptron = w.user_weights.size() + w.item_weights.size() + w.bias1.size() + w.weights2.size() +
                                   w.bias2.size() + w.weights3.size();
    return users_->memory_bytes() + items_.memory_bytes() + 3 * perceptron * sizeof(float) +
           pending_.capacity() * sizeof(Example);
  }

  /// Calibration and scans.
  std::vector<Diagnostic> diagnostics() const override {
    const auto probabilities = diagnostics_of(calibration_.calibration());
    const auto scan = items_.table().diagnostics();
    std::vector<Diagnostic> all(probabilities.begin(), probabilities.end());
    all.insert(all.end(), scan.begin(), scan.end());
    return all;
  }

 private:
  void train() {
    NeuralCfBatch batch;
    std::vector<bool> counted;
    batch_users_.clear();
    batch_items_.clear();
    const auto add = [&](UserVectors::Slot user, std::uint32_t row, float clicked, const Example& example) {
      batch.pair_user.push_back(batch_users_.insert(user));
      batch.pair_item.push_back(batch_items_.insert(row));
      batch.clicked.push_back(clicked);
      batch.weights.push_back(example.weight);
      counted.push_back(example.counted);
    };
    for (const Example& example : pending_) {
      const UserVectors::Slot user = users_->find(who(example.session_key, example.user_key));
      const std::uint32_t row = items_.row_of(example.item);
      if (user == UserSlots::kNone || row == kNoRow) continue;
      add(user, row, 1, example);
      for (std::size_t i = 0; i < options_.negatives; ++i) {
        const std::uint32_t negative = items_.draw_negative(random_);
        if (negative != kNoRow && negative != row) add(user, negative, 0, example);
      }
    }
    pending_.clear();
    if (batch.clicked.empty()) return;
    gather(batch);
    const NeuralCfGradients gradients = trainer_.step(batch);
    for (std::size_t pair = 0; pair < counted.size(); ++pair) {
      if (!counted[pair]) continue;
      calibration_.record(1 / (1 + std::exp(-static_cast<double>(gradients.log_odds[pair]))), batch.clicked[pair] > 0);
    }
    apply(gradients);
    trainer_.export_weights(*weights_);
  }

  void gather(NeuralCfBatch& batch) const {
    for (const UserVectors::Slot user : batch_users_.keys()) {
      const auto vector = users_->vector(user);
      batch.users.insert(batch.users.end(), vector.begin(), vector.end());
    }
    for (const std::uint32_t row : batch_items_.keys()) {
      const auto vector = items_.vector(row);
      batch.items.insert(batch.items.end(), vector.begin(), vector.end());
      batch.biases.push_back(items_.live().scalars(row).bias);
    }
  }

  void apply(const NeuralCfGradients& gradients) {
    const std::size_t d = options_.dimension;
    const std::span<const float> of_users(gradients.users), of_items(gradients.items);
    for (std::size_t n = 0; n < batch_users_.size(); ++n) {
      users_->step(batch_users_.keys()[n], of_users.subspan(n * d, d), static_cast<float>(options_.user_learning_rate));
    }
    for (std::size_t n = 0; n < batch_items_.size(); ++n) {
      items_.step(batch_items_.keys()[n], of_items.subspan(n * d, d), gradients.biases[n]);
    }
  }

  const NeuralCfOptions options_;
  Random random_;
  const std::shared_ptr<UserVectors> users_;
  ItemVectors items_;
  NeuralCfTrainer trainer_;
  const std::shared_ptr<NeuralCfWeights> weights_ = std::make_shared<NeuralCfWeights>();
  NeuralCfScorer live_;
  CalibrationMeter calibration_;
  std::vector<Example> pending_;
  Numbering batch_users_, batch_items_;  // buffers of train()
};

}  // namespace

std::unique_ptr<Part> make_neural_cf_part(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed) {
  return std::make_unique<NeuralCfPart>(options, max_items, seed);
}

std::vector<Option<NeuralCfOptions>> NeuralCfOptions::describe() {
  return {
      option::integer("dimension", &NeuralCfOptions::dimension, {16, 1024, 16},
                      "Width of the vectors of users and items."),
      option::integer("hidden_units", &NeuralCfOptions::hidden_units, {32, 1024, 32},
                      "Width of the perceptron's first layer. The second layer is half as wide."),
      option::integer("negatives", &NeuralCfOptions::negatives, {1, 1000},
                      "Number of random items per click that count as not clicked."),
      option::integer("batch_examples", &NeuralCfOptions::batch_examples, {1, 10'000},
                      "Number of clicks per training step."),
      option::number("learning_rate", &NeuralCfOptions::learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the items' vectors."),
      option::number("user_learning_rate", &NeuralCfOptions::user_learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the users' vectors."),
      option::number("perceptron_learning_rate", &NeuralCfOptions::perceptron_learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the perceptron."),
      option::integer("admission_count", &NeuralCfOptions::admission_count, {1, 255},
                      "Number of events with an item before it gets a vector."),
      option::integer(
          "max_items", &NeuralCfOptions::max_items, {100, 100 * option::kMillion},
          "Largest number of items with a vector. Beyond it the least recently seen item loses its vector."),
      option::integer("exact_items", &NeuralCfOptions::exact_items, {100, 100 * option::kMillion}, kExactItemsHelp),
      option::integer("max_users", &NeuralCfOptions::max_users, {1, 100 * option::kMillion},
                      "Largest number of users with a vector. Beyond it the least recently active is forgotten."),
  };
}

constinit const PartKind kNeuralCf{
    .name = "neural_cf",
    .about = "user and item vectors through a perceptron to a calibrated click probability; LibTorch",
    .describe = describe_part<NeuralCfOptions>,
    .make =
        [](PartContext& context) {
          return make_neural_cf_part(context.options.part<NeuralCfOptions>(), context.options.max_items,
                                     context.options.seed);
        },
};

}  // namespace freshet::online

#include "online/torch/neural_cf_part.h"

#include <algorithm>
#include <cmath>

#include "online/embedding_table.h"
#include "online/neural_cf_scorer.h"
#include "online/numbering.h"
#include "online/random.h"
#include "online/recent_items.h"
#include "online/row_adagrad.h"
#include "online/torch/neural_cf_trainer.h"
#include "online/user_vectors.h"

namespace freshet::online {
namespace {

constexpr double kUniformShare = 0.3;  // of negatives drawn from all items rather than by popularity
constexpr float kNewRowNoise = 0.1F;
constexpr float kUserShare = 0.7F;  // how much a new item takes over from the user who brings it

/// A click, by user key and item number: rows may be given to others meanwhile.
struct Example {
  std::uint64_t session_key = 0, user_key = 0;
  ItemIndex item = kNoItem;
  float weight = 1.0F;
  bool counted = true;  // the item's vector knew nothing of it

  bool belongs_to(std::uint64_t key) const { return session_key == key || user_key == key; }
};

class NeuralCfPart final : public Part {
 public:
  NeuralCfPart(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed)
      : options_(options),
        max_items_(max_items),
        random_(mix64(seed)),
        users_(std::make_shared<UserVectors>(options.dimension, options.max_users)),
        items_(options.dimension, options.max_items, max_items, options.admission_count),
        adagrad_(options.dimension, options.learning_rate),
        trainer_(options.dimension, options.hidden_units, options.negatives, options.perceptron_learning_rate, seed),
        live_(weights_, items_.live(), users_) {
    trainer_.export_weights(weights_);
  }

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    auto published = std::make_shared<const PublishedNeuralCf>(weights_, items_.publish(), users_);
    return {published, &published->scorer};
  }

  void observe(const Context&, const Interaction& event) override {
    recent_.add(event.item);
    bool is_new = false;
    const std::uint32_t row = items_.observe(event.item, is_new);
    if (row == kNoRow) return;
    const auto [user, is_new_user] = users_->claim(who(event));
    if (is_new) initialise(row, users_->vector(user));
    items_.write_prior(row, static_cast<float>(std::log(recent_.share(event.item))));
    if (is_new_user) {
      users_->write(user, {items_.live().vector(row), options_.dimension});
      return;
    }
    pending_.push_back({event.session_key, event.user_key, event.item, event.weight, !is_new});
    // Batches are cut by count, never by time: a restart then makes the same ones.
    if (pending_.size() >= options_.batch_examples) train();
  }

  void forget_item(ItemIndex item) override {
    items_.forget(item);
    recent_.forget(item);
    std::erase_if(pending_, [&](const Example& example) { return example.item == item; });
  }

  void erase(std::uint64_t key) override {
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
    adagrad_.save(out);
    trainer_.save(out);
    recent_.save(out);
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
    const Error corrupt{Errc::corrupt, "neural_cf: not a saved state"};
    random_.load(in);
    if (!users_->load(in) || !items_.load(in) || !adagrad_.load(in, items_.rows()) || !trainer_.load(in) ||
        !recent_.load(in, max_items_)) {
      return corrupt;
    }
    calibration_.load(in);
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > in.remaining()) return corrupt;
    for (std::uint64_t i = 0; i < count; ++i) {
      Example example;
      example.session_key = in.fixed<std::uint64_t>();
      example.user_key = in.fixed<std::uint64_t>();
      example.item = in.fixed<ItemIndex>();
      example.weight = in.fixed<float>();
      example.counted = in.fixed<std::uint8_t>() != 0;
      pending_.push_back(example);
    }
    trainer_.export_weights(weights_);
    return in.ok() ? Result<void>{} : corrupt;
  }

  std::size_t memory_bytes() const override {
    const std::size_t perceptron = weights_.user_weights.size() + weights_.item_weights.size() + weights_.bias1.size() +
                                   weights_.weights2.size() + weights_.bias2.size() + weights_.weights3.size();
    return users_->memory_bytes() + items_.memory_bytes() + adagrad_.memory_bytes() + recent_.memory_bytes() +
           3 * perceptron * sizeof(float) + pending_.capacity() * sizeof(Example);
  }

  std::optional<Calibration> calibration() const override { return calibration_.calibration(); }

 private:
  void initialise(std::uint32_t row, std::span<const float> user) {
    std::vector<float> vector(user.begin(), user.end());
    for (float& value : vector) {
      value = kUserShare * value + kNewRowNoise * static_cast<float>(2 * random_.uniform() - 1);
    }
    items_.write(row, vector, 0);
    adagrad_.reset(row);
  }

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
        const std::uint32_t negative = draw_negative();
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
    trainer_.export_weights(weights_);
  }

  /// kNoRow if the draw came to nothing.
  std::uint32_t draw_negative() {
    const bool uniform = random_.uniform() < kUniformShare;
    const std::uint32_t row =
        uniform ? static_cast<std::uint32_t>(random_.below(items_.rows())) : items_.row_of(recent_.draw(random_));
    return row != kNoRow && items_.item_of(row) != kNoItem ? row : kNoRow;
  }

  void gather(NeuralCfBatch& batch) const {
    for (const UserVectors::Slot user : batch_users_.keys()) {
      const auto vector = users_->vector(user);
      batch.users.insert(batch.users.end(), vector.begin(), vector.end());
    }
    for (const std::uint32_t row : batch_items_.keys()) {
      const float* vector = items_.live().vector(row);
      batch.items.insert(batch.items.end(), vector, vector + options_.dimension);
      batch.biases.push_back(items_.live().bias(row));
    }
  }

  void apply(const NeuralCfGradients& gradients) {
    const std::size_t d = options_.dimension;
    const std::span<const float> of_users(gradients.users), of_items(gradients.items);
    for (std::size_t n = 0; n < batch_users_.size(); ++n) {
      users_->step(batch_users_.keys()[n], of_users.subspan(n * d, d), static_cast<float>(options_.user_learning_rate));
    }
    for (std::size_t n = 0; n < batch_items_.size(); ++n) {
      adagrad_.step(items_, batch_items_.keys()[n], of_items.subspan(n * d, d), gradients.biases[n]);
    }
  }

  const NeuralCfOptions options_;
  const std::size_t max_items_;
  Random random_;
  const std::shared_ptr<UserVectors> users_;
  EmbeddingTable items_;
  RowAdagrad adagrad_;  // of items_
  NeuralCfTrainer trainer_;
  NeuralCfWeights weights_;
  NeuralCfScorer live_;
  RecentItems recent_;
  CalibrationMeter calibration_;
  std::vector<Example> pending_;
  Numbering batch_users_, batch_items_;  // work space of train()
};

}  // namespace

std::unique_ptr<Part> make_neural_cf_part(const NeuralCfOptions& options, std::size_t max_items, std::uint64_t seed) {
  return std::make_unique<NeuralCfPart>(options, max_items, seed);
}

}  // namespace freshet::online

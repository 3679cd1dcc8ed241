// SPDX-License-Identifier: Apache-2.0
#include "online/parts/neural/sequence_part.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "online/containers/numbering.h"
#include "online/containers/recent_items.h"
#include "online/parts/example.h"
#include "online/parts/neural/background_step.h"
#include "online/parts/neural/sequence_scorer.h"
#include "online/vectors/embedding_table.h"
#include "online/vectors/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr double kUniformShare = 0.3;  // of negatives drawn from all items rather than by popularity
constexpr float kNewRowNoise = 0.05F;
constexpr float kContextShare = 0.7F;  // share of a new row that comes from the items before it in the session
constexpr std::size_t kYoung = 1000;   // examples; before, each step takes effect at once, though the learner waits
constexpr std::uint64_t kFormat2 = 0;  // where format 1 has the dimension, which is never 0

class SequencePart final : public Part {
 public:
  SequencePart(SequenceModel model, std::size_t max_items, std::uint64_t seed)
      : name_(model.name),
        options_(model.options),
        dropout_(model.dropout),
        max_items_(max_items),
        random_(mix64(seed)),
        inputs_(std::move(model.inputs)),
        table_(options_.dimension, options_.max_items, max_items, options_.admission_count, options_.exact_items),
        adagrad_(options_.dimension, options_.learning_rate),
        trainer_(std::move(model.trainer)),
        encoder_(trainer_->encoder()),
        live_(name_, inputs_, encoder_, table_.shared_live()),
        step_(*trainer_) {}

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    return std::make_shared<const SequenceScorer>(name_, inputs_, encoder_, table_.publish());
  }

  void observe(const Context& before, const Interaction& event) override {
    Example example{{}, event.item, event.weight, event.session_key, event.user_key};
    inputs_->read(before, example.inputs);
    inputs_->observe(event);
    recent_.add(event.item);
    bool is_new = false;
    const std::uint32_t row = table_.observe(event.item, is_new);
    if (row == kNoRow) return;
    if (is_new) {
      settle(row);  // may have been another item's row
    }
    table_.write_prior(row, static_cast<float>(std::log(recent_.share(event.item))));
    if (is_new) initialize(row, before);
    if (example.inputs.empty()) return;
    pending_.push_back(std::move(example));
    // Steps begin and take effect after a number of examples, never after a time, so that a restarted learner does the
    // same.
    if (2 * pending_.size() >= options_.batch_examples) settle();
    if (pending_.size() >= options_.batch_examples) train();
  }

  void forget_item(ItemIndex item) override {
    inputs_->forget_item(item);
    settle(table_.row_of(item));
    table_.forget(item);
    recent_.forget(item);
    const auto mentions = [&](const Example& example) { return example.mentions(item); };
    std::erase_if(pending_, mentions);
    std::erase_if(replay_, mentions);
  }

  void erase(OwnerKey key) override {
    inputs_->erase(key);
    const auto belongs = [&](const Example& example) { return example.belongs_to(key); };
    std::erase_if(pending_, belongs);
    std::erase_if(replay_, belongs);
  }

  void save(ByteWriter& out) const override {
    out.varint(kFormat2);
    out.varint(options_.dimension);
    out.varint(options_.max_items);
    random_.save(out);
    inputs_->save(out);
    table_.save(out);
    trainer_->save(out);
    recent_.save(out);
    adagrad_.save(out);
    out.varint(remembered_);
    save_examples(out, pending_);
    save_examples(out, replay_);
    // The gradients are not saved: load() computes them again from the batch and the saved state.
    out.array(std::span<const std::uint32_t>(rows_.keys()).first(step_.is_running() ? rows_.size() : 0));
    if (step_.is_running()) save_structure(out, step_.batch());
  }

  Result<void> load(ByteReader& in) override {
    const std::string name(name_);
    const Error corrupt = not_a_saved_state(name_);
    const Error invalid{Errc::invalid, name + ": made with another dimension, number of items or shape of the encoder"};
    std::uint64_t dimension = in.varint();
    const bool has_step = dimension == kFormat2;
    if (has_step) dimension = in.varint();
    if (dimension != options_.dimension || in.varint() != options_.max_items) return invalid;
    random_.load(in);
    if (!inputs_->load(in) || !table_.load(in)) return corrupt;
    if (!trainer_->load(in)) return in.ok() ? invalid : corrupt;
    if (!recent_.load(in, max_items_) || !adagrad_.load(in, table_.rows())) return corrupt;
    remembered_ = in.varint();
    for (auto* examples : {&pending_, &replay_}) {
      if (!load_examples(in, inputs_->most(), *examples)) return corrupt;
    }
    if (remembered_ >= options_.replay_buffer) replay_ = {};
    use_newest_weights();
    if (has_step && !load_step(in)) return corrupt;
    return {};
  }

  std::vector<Diagnostic> diagnostics() const override {
    const auto scan = table_.diagnostics();
    return {scan.begin(), scan.end()};
  }

  std::size_t memory_bytes() const override {
    std::size_t examples = (pending_.capacity() + replay_.capacity()) * sizeof(Example);
    for (const auto* kept : {&pending_, &replay_}) {
      for (const Example& example : *kept) examples += example.inputs.capacity() * sizeof(ItemIndex);
    }
    return inputs_->memory_bytes() + table_.memory_bytes() + recent_.memory_bytes() + adagrad_.memory_bytes() +
           trainer_->memory_bytes() + examples;
  }

 private:
  /// A new row starts near the newest items of the session, so that the item can be recommended at once.
  void initialize(std::uint32_t row, const Context& before) {
    std::vector<float> vector(options_.dimension);
    float known = 0;
    for (std::size_t i = before.session.size(); i-- > 0 && known < 3;) {
      const std::uint32_t neighbor = table_.row_of(before.session[i].item);
      if (neighbor == kNoRow || neighbor == row) continue;
      known += 1;
      for (std::size_t j = 0; j < vector.size(); ++j) vector[j] += table_.live().vector(neighbor)[j];
    }
    for (float& value : vector) {
      value = (known > 0 ? kContextShare * value / known : 0.0F) +
              kNewRowNoise * static_cast<float>(2 * random_.uniform() - 1);
    }
    table_.write(row, vector, 0);
    adagrad_.reset(row);
  }

  void train() {
    SequenceBatch batch;
    rows_.clear();
    std::vector<std::uint32_t> target_rows, last_rows;
    for (const Example& example : pending_) add_example(example, batch, target_rows, last_rows);
    if (!replay_.empty()) {
      for (std::size_t i = 0; i < options_.replay_per_batch; ++i) {
        add_example(replay_[random_.below(replay_.size())], batch, target_rows, last_rows);
      }
    }
    for (Example& example : pending_) remember(std::move(example));
    pending_.clear();
    if (batch.inputs.empty()) return;
    add_classes(target_rows, last_rows, batch);
    gather(batch);
    step_.begin(std::move(batch));
    if (remembered_ < std::min(kYoung, options_.replay_buffer)) settle();
  }

  /// Applies the step that is running, if any. observe() calls this half a batch after train() began the step: by then
  /// the gradients are usually there.
  void settle() {
    if (!step_.is_running()) return;
    const auto [batch, gradients] = step_.finish();
    trainer_->step_weights();
    apply(batch, gradients);
    use_newest_weights();
  }

  /// The same, but only if the step has gradients for `row`, whose item is about to change.
  void settle(std::uint32_t row) {
    if (row != kNoRow && step_.is_running() && rows_.find(row) != Numbering::kAbsent) settle();
  }

  bool load_step(ByteReader& in) {
    const auto rows = in.array<std::uint32_t>();
    if (!in.ok()) return false;
    if (rows.empty()) return true;
    rows_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] >= table_.rows() || rows_.insert(rows[i]) != i) return false;
    }
    SequenceBatch batch;
    if (!load_structure(in, rows.size(), inputs_->most(), batch)) return false;
    gather(batch);
    step_.begin(std::move(batch));
    return true;
  }

  void use_newest_weights() {
    encoder_ = trainer_->encoder();
    live_.set_encoder(encoder_);
  }

  /// Adds the example to the batch, in which a row has the number that rows_ gives it.
  void add_example(const Example& example, SequenceBatch& batch, std::vector<std::uint32_t>& target_rows,
                   std::vector<std::uint32_t>& last_rows) {
    const std::uint32_t target = table_.row_of(example.target);
    if (target == kNoRow) return;
    std::vector<std::uint32_t> known;
    for (const ItemIndex item : example.inputs) {
      const std::uint32_t row = table_.row_of(item);
      if (row != kNoRow) known.push_back(row);
    }
    if (known.empty()) return;
    target_rows.push_back(target);
    last_rows.push_back(known.back());
    if (dropout_ > 0) corrupt(known);
    for (std::uint32_t& row : known) row = rows_.insert(row);
    batch.inputs.push_back(std::move(known));
    batch.weights.push_back(example.weight);
  }

  /// Leaves out inputs at random, others each time an example is used (denoising autoencoders: Vincent et al., ICML
  /// 2008).
  void corrupt(std::vector<std::uint32_t>& inputs) {
    const std::uint32_t one = inputs[random_.below(inputs.size())];
    std::erase_if(inputs, [&](std::uint32_t) { return random_.uniform() < dropout_; });
    if (inputs.empty()) inputs.push_back(one);
  }

  /// The classes of the softmax are all targets of the batch and sampled negatives. Each is corrected for its
  /// probability of being drawn (Yi et al., RecSys 2019), so that the softmax estimates the one over all items.
  void add_classes(const std::vector<std::uint32_t>& target_rows, const std::vector<std::uint32_t>& last_rows,
                   SequenceBatch& batch) {
    Numbering& classes = classes_;
    classes.clear();
    for (const std::uint32_t row : target_rows) batch.targets.push_back(classes.insert(row));
    for (std::size_t i = 0; i < options_.negatives; ++i) {
      const bool uniform = random_.uniform() < kUniformShare;
      const std::uint32_t row =
          uniform ? static_cast<std::uint32_t>(random_.below(table_.rows())) : table_.row_of(recent_.draw(random_));
      if (row != kNoRow && table_.item_of(row) != kNoItem) classes.insert(row);
    }
    const double drawn = static_cast<double>(options_.negatives + target_rows.size());
    for (const std::uint32_t row : classes.keys()) {
      const double share = recent_.share(table_.item_of(row));
      const double probability = (1 - kUniformShare) * share + kUniformShare / static_cast<double>(table_.rows());
      batch.classes.push_back(rows_.insert(row));
      // The probability of at least one among all draws.
      const double present = -std::expm1(drawn * std::log1p(-std::min(0.999, probability)));
      batch.correction.push_back(static_cast<float>(std::log(share) - std::log(present)));
    }
    for (std::size_t i = 0; i < last_rows.size(); ++i) {
      const std::uint32_t last = classes.find(last_rows[i]);
      batch.excluded.push_back(last == batch.targets[i] ? kNoRow : last);
    }
  }

  void gather(SequenceBatch& batch) const {
    const std::size_t d = options_.dimension;
    batch.vectors.reserve(rows_.size() * d);
    for (const std::uint32_t row : rows_.keys()) {
      const float* vector = table_.live().vector(row);
      batch.vectors.insert(batch.vectors.end(), vector, vector + d);
    }
    for (const std::uint32_t n : batch.classes) batch.biases.push_back(table_.live().scalars(rows_.keys()[n]).bias);
  }

  void apply(const SequenceBatch& batch, const SequenceGradients& gradients) {
    const std::size_t d = options_.dimension;
    std::vector<float> bias_gradients(rows_.size());
    for (std::size_t c = 0; c < batch.classes.size(); ++c) bias_gradients[batch.classes[c]] = gradients.biases[c];
    for (std::size_t n = 0; n < rows_.size(); ++n) {
      adagrad_.step(table_, rows_.keys()[n], {gradients.vectors.data() + n * d, d}, bias_gradients[n]);
    }
  }

  /// Keeps the example for replay, until options_.replay_buffer examples were seen. After that the stream brings enough
  /// new examples, and old ones would only hold the model back.
  void remember(Example example) {
    if (remembered_ >= options_.replay_buffer) return;
    if (options_.replay_per_batch > 0) replay_.push_back(std::move(example));
    if (++remembered_ == options_.replay_buffer) replay_ = {};
  }

  const std::string_view name_;
  const SequenceOptions options_;
  const double dropout_;
  const std::size_t max_items_;
  Random random_;
  const std::shared_ptr<SequenceInputs> inputs_;
  EmbeddingTable table_;
  RowAdagrad adagrad_;  // of table_
  const std::unique_ptr<SequenceTrainer> trainer_;
  std::shared_ptr<const SequenceEncoder> encoder_;  // the trainer's newest
  SequenceScorer live_;
  RecentItems recent_;
  std::vector<Example> pending_;
  std::vector<Example> replay_;
  std::size_t remembered_ = 0;  // examples so far, at most options_.replay_buffer
  Numbering rows_;              // of the step that is running
  Numbering classes_;           // buffer of add_classes()
  BackgroundStep step_;         // last, so that its thread ends before the other members are destroyed
};

}  // namespace

std::unique_ptr<Part> make_sequence_part(SequenceModel model, std::size_t max_items, std::uint64_t seed) {
  return std::make_unique<SequencePart>(std::move(model), max_items, seed);
}

std::vector<Option<SequenceOptions>> SequenceOptions::describe() {
  return {
      option::integer("dimension", &SequenceOptions::dimension, {16, 1024, 16}, "Width of the item embeddings."),
      option::integer("negatives", &SequenceOptions::negatives, {1, 100'000},
                      "Number of random items per training step that the next item is ranked against."),
      option::integer("batch_examples", &SequenceOptions::batch_examples, {1, 10'000},
                      "Number of new examples per training step."),
      option::integer("replay_per_batch", &SequenceOptions::replay_per_batch, {0, 10'000},
                      "Number of older examples added to each training step while the stream is young. 0: no replay."),
      option::integer(
          "replay_buffer", &SequenceOptions::replay_buffer, {0, 100 * option::kMillion},
          "Number of examples kept for replay. Once the buffer is full, replay ends: the stream then brings "
          "enough new examples."),
      option::number("learning_rate", &SequenceOptions::learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the item embeddings."),
      option::integer("admission_count", &SequenceOptions::admission_count, {1, 255},
                      "Number of events with an item before it gets an embedding."),
      option::integer("max_items", &SequenceOptions::max_items, {100, 100 * option::kMillion},
                      "Largest number of embeddings. Beyond it the least recently seen item loses its embedding."),
      option::integer("exact_items", &SequenceOptions::exact_items, {100, 100 * option::kMillion}, kExactItemsHelp),
  };
}

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/content.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/parts/content/content_scorer.h"
#include "online/parts/content/session_trainer.h"
#include "online/parts/example.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {
namespace {

constexpr std::size_t kRows = EmbeddingPage::kRows;
constexpr std::uint64_t kFormat = 2;

// Rows that are encoded again in turn, so that what their words have learned since reaches them.
constexpr std::size_t kRefreshedPerEvent = 4, kRefreshedPerItem = 2;

// Squared distance from its last writing that such a row must have: less is lost in the rounding of a scan's copies, but
// would cost the clusters as much as a move.
constexpr float kLeastMove = 0.001F;

// Examples per training step: many, because each step encodes the same sample of items whatever their number.
constexpr std::size_t kBatch = 64;

float log_of(std::uint32_t clicks) { return std::log2(1.0F + static_cast<float>(clicks)); }

ItemTraits traits_of(const ItemFacts& facts, std::uint32_t clicks) {
  ItemTraits traits;
  std::vector<std::uint32_t> hashes;
  const auto take_last = [&](ItemTraits::Hashes& out) {
    const std::size_t count = std::min(hashes.size(), out.size());
    std::copy_n(hashes.end() - static_cast<std::ptrdiff_t>(count), count, out.begin());
  };
  facts.categories(hashes);
  take_last(traits.categories);
  facts.relations(hashes);
  take_last(traits.relations);
  traits.self = facts.self();
  traits.log_clicks = log_of(clicks);
  traits.has_price = facts.log2_price().has_value();
  traits.log2_price = facts.log2_price().value_or(0.0F);
  traits.time_ms = to_ms(facts.time());
  return traits;
}

class ContentPart final : public Part {
 public:
  ContentPart(const ContentOptions& options, std::size_t max_items, std::uint64_t seed)
      : options_(options),
        max_items_(max_items),
        random_(mix64(seed)),
        encoder_(options.encoder, options.dimension, options.max_tokens, options.learning_rate, seed),
        table_(options.dimension, max_items, max_items, 1, options.exact_items),
        trainer_(options.dimension),
        view_(std::make_shared<ContentView>()),
        live_(view_),
        gradients_(options.dimension) {
    view_->vectors = table_.shared_live();
    view_->weights = {std::shared_ptr<void>(), &trainer_.weights()};
  }

  bool is_dormant() const override { return table_.rows() == 0; }

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    ++epoch_;
    auto view = std::make_shared<ContentView>(*view_);
    view->vectors = table_.publish();
    view->weights = std::make_shared<const SessionWeights>(trainer_.weights());
    return std::make_shared<const ContentScorer>(std::move(view));
  }

  void describe(ItemIndex item, const ItemChange& change) override {
    if (change.kind == ItemChange::Kind::remove) return undescribe(item);
    if (table_.row_of(item) == kNoRow && change.kind == ItemChange::Kind::patch) return;
    bool is_new = false;
    const std::uint32_t row = table_.observe(item, is_new);
    if (facts_.size() <= row) {
      facts_.resize(row + std::size_t{1});
      lengths_.resize(row + std::size_t{1});
    }
    ItemFacts facts = is_new ? ItemFacts() : facts_[row];
    facts.apply(change, options_.dimension, options_.ngrams);
    if (!is_new && facts == facts_[row]) return;  // as when a shop sends all of its items again, or one is sold out
    if (facts_[row].self() != 0) encoder_.remove(facts_[row]);  // perhaps of the item that had the row before
    facts_[row] = std::move(facts);
    encoder_.add(facts_[row]);
    writable_traits(row) = traits_of(facts_[row], clicks_of(item));
    encode(row);
    if (is_new) refresh(kRefreshedPerItem);
  }

  void observe(const Context& before, const Interaction& event) override {
    if (is_dormant()) return;
    keep_example(before, event);
    if (pending_.size() >= kBatch) train();
    count_click(event.item);
    refresh(kRefreshedPerEvent);
  }

  void forget_item(ItemIndex item) override {
    undescribe(item);
    if (item < clicks_.size()) clicks_[item] = 0;
    std::erase_if(pending_, [&](const Example& example) { return example.mentions(item); });
  }

  void erase(OwnerKey key) override {
    std::erase_if(pending_, [&](const Example& example) { return example.belongs_to(key); });
  }

  void save(ByteWriter& out) const override {
    out.varint(kFormat);
    out.varint(options_.dimension);
    out.varint(options_.max_tokens);
    random_.save(out);
    encoder_.save(out);
    table_.save(out);
    for (std::uint32_t row = 0; row < table_.rows(); ++row) facts_[row].save(out);
    out.array(std::span<const std::uint32_t>(clicks_));
    out.array(std::span<const float>(lengths_));
    out.varint(next_refreshed_);
    trainer_.save(out);
    save_examples(out, pending_);
  }

  Result<void> load(ByteReader& in) override {
    const Error corrupt = not_a_saved_state(kContent.name);
    if (in.varint() != kFormat) return corrupt;
    if (in.varint() != options_.dimension || in.varint() != options_.max_tokens) {
      return Error{Errc::invalid, "content: made with another dimension or number of tokens"};
    }
    random_.load(in);
    if (!encoder_.load(in) || !table_.load(in)) return corrupt;
    facts_.resize(table_.rows());
    for (ItemFacts& facts : facts_) {
      if (!facts.load(in, options_.dimension)) return corrupt;
    }
    clicks_ = in.array<std::uint32_t>();
    lengths_ = in.array<float>();
    next_refreshed_ = in.varint();
    const auto is_length = [](float length) { return std::isfinite(length) && length >= 0; };
    if (lengths_.size() != table_.rows() || !std::ranges::all_of(lengths_, is_length)) return corrupt;
    if (!trainer_.load(in) || clicks_.size() > max_items_) return corrupt;
    if (!load_examples(in, SessionWeights::kItems, pending_)) return corrupt;
    for (std::uint32_t row = 0; row < table_.rows(); ++row) {
      if (table_.item_of(row) != kNoItem) writable_traits(row) = traits_of(facts_[row], clicks_of(table_.item_of(row)));
    }
    return {};
  }

  std::vector<Diagnostic> diagnostics() const override {
    const auto scan = table_.diagnostics();
    return {scan.begin(), scan.end()};
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = encoder_.memory_bytes() + table_.memory_bytes() + facts_.capacity() * sizeof(ItemFacts) +
                        lengths_.capacity() * sizeof(float) + clicks_.capacity() * sizeof(std::uint32_t) +
                        view_->pages.size() * sizeof(TraitsPage) + pending_.capacity() * sizeof(Example);
    for (const ItemFacts& facts : facts_) bytes += facts.memory_bytes();
    for (const Example& example : pending_) bytes += example.inputs.capacity() * sizeof(ItemIndex);
    return bytes;
  }

 private:
  std::uint32_t clicks_of(ItemIndex item) const { return item < clicks_.size() ? clicks_[item] : 0; }

  float prior_of(ItemIndex item) const { return std::log1p(static_cast<float>(clicks_of(item))); }

  void count_click(ItemIndex item) {
    if (clicks_.size() <= item) clicks_.resize(item + std::size_t{1});
    if (clicks_[item] != UINT32_MAX) ++clicks_[item];
    const std::uint32_t row = table_.row_of(item);
    if (row == kNoRow) return;
    bool is_new = false;
    table_.observe(item, is_new);  // rows of items that are clicked are kept longest
    writable_traits(row).log_clicks = log_of(clicks_[item]);
  }

  void undescribe(ItemIndex item) {
    const std::uint32_t row = table_.row_of(item);
    if (row == kNoRow) return;
    encoder_.remove(facts_[row]);
    facts_[row] = {};
    writable_traits(row) = ItemTraits{};
    table_.forget(item);
  }

  ItemTraits& writable_traits(std::uint32_t row) {
    while (view_->pages.size() <= row / kRows) view_->pages.push_back(CowPtr<TraitsPage>::make(epoch_));
    return view_->pages[row / kRows].write(epoch_)[row % kRows];
  }

  void encode(std::uint32_t row) {
    encoder_.encode(facts_[row], encoded_);
    write(row);
  }

  void write(std::uint32_t row) {
    table_.write(row, encoded_.vector, 0);
    lengths_[row] = encoded_.length;
  }

  /// Whether the row is some way from what has been encoded.
  bool has_moved(std::uint32_t row) const {
    const float* const before = table_.live().vector(row);
    const AlignedVector<float>& now = encoded_.vector;
    return squared({before, now.size()}) + squared(now) - 2 * dot(before, now.data(), now.size()) > kLeastMove;
  }

  void refresh(std::size_t rows) {
    for (std::size_t i = 0; i < std::min(rows, table_.rows()); ++i) {
      if (next_refreshed_ >= table_.rows()) next_refreshed_ = 0;
      const auto row = static_cast<std::uint32_t>(next_refreshed_++);
      if (table_.item_of(row) == kNoItem) continue;
      encoder_.encode(facts_[row], encoded_);
      if (has_moved(row)) write(row);
    }
  }

  /// An item that the session holds already is no example: other parts know better who comes back.
  void keep_example(const Context& before, const Interaction& event) {
    if (table_.row_of(event.item) == kNoRow) return;
    if (std::ranges::find(before.session, event.item, &Visit::item) != before.session.end()) return;
    Example example{{}, event.item, event.weight, event.session_key, event.user_key};
    std::vector<ItemIndex>& inputs = example.inputs;
    for (auto visit = before.session.rbegin(); visit != before.session.rend(); ++visit) {
      if (inputs.size() == SessionWeights::kItems) break;
      if (table_.row_of(visit->item) != kNoRow && !example.mentions(visit->item)) inputs.push_back(visit->item);
    }
    if (inputs.empty()) return;
    std::ranges::reverse(inputs);
    pending_.push_back(std::move(example));
  }

  void train() {
    batch_.clear();
    touched_.clear();
    for (const Example& example : pending_) add_step(example);
    pending_.clear();
    if (batch_.empty()) return;
    draw_sample();
    trainer_.train(batch_, sample_, table_.live(), gradients_);
    for (std::size_t n = 0; n < gradients_.rows().size(); ++n) {
      const std::uint32_t row = gradients_.rows()[n];
      encoder_.backward(facts_[row], table_.live().vector(row), lengths_[row], gradients_.sum(n));
    }
    gradients_.clear();
    sampled_.clear();
    for (const std::uint32_t row : sample_.rows.keys()) sampled_.push_back(&facts_[row]);
    encoder_.reconstruct(sampled_, random_);
    encoder_.step();
    for (const std::uint32_t row : touched_.keys()) encode(row);  // the sample waits for its turn
  }

  /// Leaves out items that have lost their description since.
  void add_step(const Example& example) {
    SessionStep step;
    step.target = table_.row_of(example.target);
    step.weight = example.weight;
    step.prior = prior_of(example.target);
    for (auto item = example.inputs.rbegin(); item != example.inputs.rend(); ++item) {
      if (const std::uint32_t row = table_.row_of(*item); row != kNoRow) step.visited[step.visits++] = row;
    }
    if (step.target == kNoRow || step.visits == 0) return;
    batch_.push_back(step);
    touched_.insert(step.target);
    for (std::size_t i = 0; i < step.visits; ++i) touched_.insert(step.visited[i]);
  }

  void draw_sample() {
    sample_.rows.clear();
    sample_.drawn_from = table_.rows();
    for (std::size_t i = 0; i < options_.negatives; ++i) {
      const auto row = static_cast<std::uint32_t>(random_.below(table_.rows()));
      if (table_.item_of(row) != kNoItem) sample_.rows.insert(row);
    }
    sample_.priors.clear();
    for (const std::uint32_t row : sample_.rows.keys()) sample_.priors.push_back(prior_of(table_.item_of(row)));
  }

  const ContentOptions options_;
  const std::size_t max_items_;
  Random random_;
  ItemEncoder encoder_;
  EmbeddingTable table_;
  SessionTrainer trainer_;
  std::vector<ItemFacts> facts_;       // [row]
  std::vector<float> lengths_;         // [row]: EncodedItem::length
  std::vector<std::uint32_t> clicks_;  // [item]
  std::uint64_t next_refreshed_ = 0;   // row
  std::uint64_t epoch_ = 1;            // of view_->pages
  std::vector<Example> pending_;       // for the next step; fewer than kBatch
  const std::shared_ptr<ContentView> view_;
  const ContentScorer live_;

  // buffers
  EncodedItem encoded_;
  std::vector<SessionStep> batch_;
  Numbering touched_;  // rows of the steps
  ItemSample sample_;
  RowGradients gradients_;
  std::vector<const ItemFacts*> sampled_;
};

}  // namespace

std::unique_ptr<Part> make_content(const ContentOptions& options, std::size_t max_items, std::uint64_t seed) {
  return std::make_unique<ContentPart>(options, max_items, seed);
}

std::vector<Option<ContentOptions>> ContentOptions::describe() {
  return {
      option::integer("dimension", &ContentOptions::dimension, {16, 512, 16}, "Width of the items' vectors."),
      option::integer("max_tokens", &ContentOptions::max_tokens, {1024, 16'777'216},
                      "Number of vectors for words, categories, prices and attributes, which are hashed to them."),
      option::integer("negatives", &ContentOptions::negatives, {16, 4096},
                      "Number of random items that the item clicked is compared with in training."),
      option::number("learning_rate", &ContentOptions::learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the words' vectors."),
      option::flag("ngrams", &ContentOptions::ngrams,
                   "Also compare titles by four characters at a time, for languages whose words are inflected or not "
                   "separated. Takes twice the time."),
      option::choice("encoder", &ContentOptions::encoder,
                     {{"bag", EncoderKind::bag}, {"cnn", EncoderKind::cnn}, {"autoencoder", EncoderKind::autoencoder}},
                     "How the vector of an item is made: \"bag\" sums the vectors of its words, categories, prices and "
                     "attributes; \"cnn\" adds a convolutional network over the words of the title, in their order; "
                     "\"autoencoder\" is the sum, whose vectors also learn from the catalogue alone which words and "
                     "attributes go together."),
      option::integer("exact_items", &ContentOptions::exact_items, {1, 100 * option::kMillion},
                      "Up to this many items every list scans all of them. Beyond, it scans only the most promising "
                      "clusters, which find about 99 % of the best items."),
  };
}

constinit const PartKind kContent{
    .name = "content",
    .about =
        "what items are: words, categories, price, attributes, relations and vectors of the catalogue, trained by the "
        "clicks; ranks items that nobody has clicked",
    .on_by_default = true,
    .describe = describe_part<ContentOptions>,
    .make =
        [](PartContext& context) {
          return make_content(context.options.part<ContentOptions>(), context.options.max_items, context.options.seed);
        },
};

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/item_encoder.h"

#include <algorithm>
#include <cmath>

#include "online/kernels/kernels.h"

namespace freshet::online {
namespace {

constexpr float kLeastLength = 1e-5F;  // a shorter sum is no vector
constexpr float kVectorWeight = 4.0F;  // of a vector of the shop; that of a few rare words

// of reconstruct()
constexpr std::size_t kTargets = 2;       // tokens of an item that are told from others, at most
constexpr std::size_t kNegatives = 16;    // that each is told from
constexpr float kSharpness = 8.0F;        // of cosines
constexpr float kReconstruction = 0.25F;  // weight of its gradients beside those of clicks

/// Scales to unit length, or to zero; returns the length.
float normalize(AlignedVector<float>& vector) {
  const float length = std::sqrt(squared(vector));
  const float scale = length > kLeastLength ? 1 / length : 0.0F;
  for (float& value : vector) value *= scale;
  return length;
}

}  // namespace

ItemEncoder::ItemEncoder(EncoderKind kind, std::size_t dimension, std::size_t max_tokens, double learning_rate,
                         std::uint64_t seed)
    : kind_(kind), dimension_(dimension), tokens_(dimension, max_tokens, learning_rate, seed) {
  if (kind == EncoderKind::cnn) text_.emplace(dimension, seed);
}

/// The words of the title that other items have, too.
void ItemEncoder::read_words(const ItemFacts& facts) {
  facts.title_words(word_hashes_);
  word_rows_.clear();
  words_.clear();
  for (const std::uint32_t hash : word_hashes_) {
    const std::uint32_t row = tokens_.row_of(hash);
    if (words_.size() == TextCnn::kWords || tokens_.rarity(row) <= 0) continue;
    word_rows_.push_back(row);
  }
  for (const std::uint32_t row : word_rows_) words_.push_back(tokens_.vector(row));
}

void ItemEncoder::encode(const ItemFacts& facts, EncodedItem& item) {
  item.vector.assign(dimension_, 0.0F);
  tokens_.parts(facts, parts_);
  for (const TokenVectors::Part& part : parts_) {
    add_scaled(tokens_.vector(part.row), part.weight, dimension_, item.vector.data());
  }
  for (const ItemFacts::Vector& projection : facts.vectors()) {
    add_scaled(projection.values.data(), kVectorWeight, dimension_, item.vector.data());
  }
  if (text_) {
    read_words(facts);
    text_->forward(words_, pooled_, item.vector.data());
  }
  item.length = normalize(item.vector);
}

/// Through the scaling to unit length, into d_sum_, and to the parts of the sum.
void ItemEncoder::backward_sum(std::span<const TokenVectors::Part> parts, const float* vector, float length,
                               std::span<const float> gradient) {
  d_sum_.assign(gradient.begin(), gradient.end());
  add_scaled(vector, -dot(gradient.data(), vector, dimension_), dimension_, d_sum_.data());
  for (float& value : d_sum_) value /= length;
  for (const TokenVectors::Part& part : parts) tokens_.add_gradient(part, d_sum_.data());
}

void ItemEncoder::backward(const ItemFacts& facts, const float* vector, float length, std::span<const float> gradient) {
  if (length <= kLeastLength) return;
  tokens_.parts(facts, parts_);
  backward_sum(parts_, vector, length, gradient);
  if (!text_) return;
  read_words(facts);
  d_vector_.assign(dimension_, 0.0F);
  text_->forward(words_, pooled_, d_vector_.data());
  d_words_.assign(words_.size() * dimension_, 0.0F);
  text_->backward(words_, pooled_, d_sum_.data(), d_words_.data());
  for (std::size_t i = 0; i < words_.size(); ++i) tokens_.add_gradient(word_rows_[i], &d_words_[i * dimension_], 1);
}

void ItemEncoder::reconstruct(std::span<const ItemFacts* const> items, Random& random) {
  if (kind_ != EncoderKind::autoencoder) return;
  items_.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) tokens_.parts(*items[i], items_[i]);
  std::erase_if(items_, [](const auto& parts) { return parts.empty(); });
  for (std::size_t i = 0; i < items_.size(); ++i) reconstruct_one(i, random);
}

void ItemEncoder::reconstruct_one(std::size_t item, Random& random) {
  kept_.clear();
  hidden_.clear();
  for (const TokenVectors::Part& part : items_[item]) (random.below(2) == 0 ? kept_ : hidden_).push_back(part);
  if (kept_.empty()) return;
  AlignedVector<float> vector(dimension_, 0.0F);
  for (const TokenVectors::Part& part : kept_)
    add_scaled(tokens_.vector(part.row), part.weight, dimension_, vector.data());
  const float length = normalize(vector);
  if (length <= kLeastLength) return;
  d_vector_.assign(dimension_, 0.0F);
  for (std::size_t i = 0; i < std::min(kTargets, hidden_.size()); ++i) {
    compared_.assign(1, hidden_[random.below(hidden_.size())].row);
    for (std::size_t n = 0; n < kNegatives; ++n) {
      const auto& other = items_[random.below(items_.size())];
      const std::uint32_t row = other[random.below(other.size())].row;
      const auto is_own = [&](const TokenVectors::Part& part) { return part.row == row; };
      if (std::ranges::none_of(items_[item], is_own)) compared_.push_back(row);
    }
    odds_.clear();
    for (const std::uint32_t row : compared_)
      odds_.push_back(kSharpness * dot(vector.data(), tokens_.vector(row), dimension_));
    const float highest = std::ranges::max(odds_);
    float sum = 0;
    for (float& odds : odds_) sum += odds = std::exp(odds - highest);
    for (std::size_t n = 0; n < compared_.size(); ++n) {
      const float gradient = kReconstruction * kSharpness * (odds_[n] / sum - (n == 0 ? 1.0F : 0.0F));
      add_scaled(tokens_.vector(compared_[n]), gradient, dimension_, d_vector_.data());
      tokens_.add_gradient(compared_[n], vector.data(), gradient);
    }
  }
  backward_sum(kept_, vector.data(), length, d_vector_);
}

void ItemEncoder::step() {
  tokens_.step();
  if (text_) text_->step();
}

void ItemEncoder::save(ByteWriter& out) const {
  tokens_.save(out);
  if (text_) text_->save(out);
}

bool ItemEncoder::load(ByteReader& in) { return tokens_.load(in) && (!text_ || text_->load(in)); }

std::size_t ItemEncoder::memory_bytes() const { return tokens_.memory_bytes() + (text_ ? text_->memory_bytes() : 0); }

}  // namespace freshet::online

// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/token_vectors.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.h"
#include "online/kernels/kernels.h"

namespace freshet::online {
namespace {

constexpr float kFirstSquare = 0.1F;  // of Adagrad: bounds the first steps

// Weights of the kinds of tokens, in the order of TokenKind, before any is learned.
constexpr std::array<float, kTokenKinds> kFirstWeights{1.0F, 0.3F, 0.4F, 1.0F, 1.0F, 1.0F, 1.0F, 0.6F, 0.7F, 0.7F};
constexpr float kKindRate = 0.1F, kFirstKindSquare = 1.0F, kMostKindWeight = 4.0F;

/// A random number of variance 1, the same for the same arguments.
float noise(std::uint64_t seed) {
  const auto uniform = static_cast<float>(mix64(seed) >> 40) * 0x1p-24F;
  return (2 * uniform - 1) * 1.7320508F;
}

}  // namespace

TokenVectors::TokenVectors(std::size_t dimension, std::size_t max_tokens, double learning_rate, std::uint64_t seed)
    : dimension_(dimension),
      rate_(static_cast<float>(learning_rate)),
      seed_(mix64(seed)),
      buckets_(max_tokens),
      kind_weights_(kFirstWeights),
      gradients_(dimension) {
  kind_squares_.fill(kFirstKindSquare);
}

std::uint32_t TokenVectors::row_of(std::uint32_t hash) {
  if (row_of_bucket_.empty()) row_of_bucket_.resize(buckets_);
  const std::size_t bucket = (mix64(hash) >> 32) * buckets_ >> 32;
  std::uint32_t& row = row_of_bucket_[bucket];
  if (row == 0) {
    buckets_of_rows_.push_back(static_cast<std::uint32_t>(bucket));
    counts_.push_back(0);
    rarities_.push_back(0);
    squares_.push_back(kFirstSquare);
    const float scale = 1 / std::sqrt(static_cast<float>(dimension_));
    for (std::size_t i = 0; i < dimension_; ++i) vectors_.push_back(scale * noise(seed_ ^ (bucket * dimension_ + i)));
    row = static_cast<std::uint32_t>(counts_.size());
  }
  return row - 1;
}

float TokenVectors::rarity_of(std::uint32_t items) const {
  const auto count = static_cast<float>(std::max(1U, items));
  return std::log1p(static_cast<float>(rated_items_) / count) * (1 - 1 / count);
}

void TokenVectors::count(std::uint32_t row, std::uint32_t items) {
  counts_[row] = items;
  rarities_[row] = rarity_of(items);
}

void TokenVectors::set_items(std::uint64_t items) {
  items_ = items;
  if (10 * items_ <= 11 * rated_items_ && 10 * items_ >= 9 * rated_items_) return;
  rated_items_ = items_;
  for (std::size_t row = 0; row < counts_.size(); ++row) rarities_[row] = rarity_of(counts_[row]);
}

void TokenVectors::add(const ItemFacts& facts) {
  set_items(items_ + 1);
  facts.tokens(tokens_);
  for (const Token& token : tokens_) {
    const std::uint32_t row = row_of(token.hash);
    count(row, counts_[row] + 1);
  }
}

void TokenVectors::remove(const ItemFacts& facts) {
  facts.tokens(tokens_);
  for (const Token& token : tokens_) {
    const std::uint32_t row = row_of(token.hash);
    if (counts_[row] > 0) count(row, counts_[row] - 1);
  }
  if (items_ > 0) set_items(items_ - 1);
}

void TokenVectors::parts(const ItemFacts& facts, std::vector<Part>& out) {
  out.clear();
  facts.tokens(tokens_);
  for (const Token& token : tokens_) {
    const std::uint32_t row = row_of(token.hash);
    const float of_kind = token.share * rarities_[row];
    if (of_kind > 0) out.push_back({row, of_kind * weight_of(token.kind), of_kind, token.kind});
  }
}

void TokenVectors::add_gradient(const Part& part, const float* of_sum) {
  gradients_.add(part.row, of_sum, part.weight);
  kind_gradients_[static_cast<std::size_t>(part.kind)] += part.of_kind * dot(of_sum, vector(part.row), dimension_);
}

void TokenVectors::step() {
  for (std::size_t n = 0; n < gradients_.rows().size(); ++n) {
    const std::uint32_t row = gradients_.rows()[n];
    const std::span<const float> gradient = gradients_.sum(n);
    float& squares = squares_[row];
    squares += squared(gradient);
    add_scaled(gradient.data(), -rate_ / std::sqrt(squares), dimension_, &vectors_[row * dimension_]);
  }
  gradients_.clear();
  for (std::size_t kind = 0; kind < kTokenKinds; ++kind) {
    const float gradient = std::exchange(kind_gradients_[kind], 0.0F);
    kind_squares_[kind] += gradient * gradient;
    float& weight = kind_weights_[kind];
    weight = std::clamp(weight - kKindRate * gradient / std::sqrt(kind_squares_[kind]), 0.0F, kMostKindWeight);
  }
}

void TokenVectors::save(ByteWriter& out) const {
  out.varint(items_);
  out.varint(rated_items_);
  out.array(std::span<const std::uint32_t>(buckets_of_rows_));
  out.array(std::span<const std::uint32_t>(counts_));
  out.array(std::span<const float>(squares_));
  out.array(std::span<const float>(vectors_));
  for (const float weight : kind_weights_) out.fixed(weight);
  for (const float squares : kind_squares_) out.fixed(squares);
}

bool TokenVectors::load(ByteReader& in) {
  items_ = in.varint();
  rated_items_ = in.varint();
  buckets_of_rows_ = in.array<std::uint32_t>();
  counts_ = in.array<std::uint32_t>();
  squares_ = in.array<float>();
  const std::vector<float> vectors = in.array<float>();
  for (float& weight : kind_weights_) weight = in.fixed<float>();
  for (float& squares : kind_squares_) squares = in.fixed<float>();
  const std::size_t rows = counts_.size();
  if (!in.ok() || buckets_of_rows_.size() != rows || squares_.size() != rows || vectors.size() != rows * dimension_) {
    return false;
  }
  const auto is_usable = [](float value) { return std::isfinite(value); };
  if (!std::ranges::all_of(vectors, is_usable)) return false;
  const auto is_weight = [](float weight) { return weight >= 0 && weight <= kMostKindWeight; };
  if (!std::ranges::all_of(kind_weights_, is_weight)) return false;
  if (!std::ranges::all_of(kind_squares_, [](float value) { return value >= kFirstKindSquare; })) return false;
  if (!std::ranges::all_of(squares_, [](float value) { return value >= kFirstSquare; })) return false;
  vectors_.assign(vectors.begin(), vectors.end());
  for (const std::uint32_t count : counts_) rarities_.push_back(rarity_of(count));
  if (rows > 0) row_of_bucket_.resize(buckets_);
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::uint32_t bucket = buckets_of_rows_[row];
    if (bucket >= buckets_ || row_of_bucket_[bucket] != 0) return false;
    row_of_bucket_[bucket] = row + 1;
  }
  return true;
}

std::size_t TokenVectors::memory_bytes() const {
  return (row_of_bucket_.capacity() + buckets_of_rows_.capacity() + counts_.capacity()) * sizeof(std::uint32_t) +
         (rarities_.capacity() + squares_.capacity() + vectors_.capacity()) * sizeof(float);
}

}  // namespace freshet::online

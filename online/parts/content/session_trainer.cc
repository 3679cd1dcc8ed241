// SPDX-License-Identifier: Apache-2.0
#include "online/parts/content/session_trainer.h"

#include <algorithm>
#include <cmath>

#include "online/kernels/kernels.h"
#include "online/vectors/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr float kItemRate = 0.05F, kSharpnessRate = 0.1F, kMapRate = 0.01F;
constexpr float kLeastWeight = 0.0F, kLeastNewest = 0.05F, kLeastSharpness = 1.0F, kMostSharpness = 100.0F;
constexpr float kImpossible = -1e9F;  // score of what cannot be a negative

void step(float& value, float gradient, float& squares, float rate) {
  squares += gradient * gradient;
  value -= rate * gradient / std::sqrt(squares);
}

void transpose(const float* matrix, std::size_t rows, std::size_t columns, AlignedVector<float>& out) {
  out.resize(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = matrix[i * columns + j];
  }
}

}  // namespace

SessionTrainer::SessionTrainer(std::size_t dimension)
    : dimension_(dimension), weights_(dimension), squares_(dimension) {
  squares_.of_item.fill(1);
  squares_.sharpness = 1;
  std::ranges::fill(squares_.map, 1.0F);
}

void SessionTrainer::train(std::span<const SessionStep> batch, const ItemSample& sample, const EmbeddingView& vectors,
                           RowGradients& gradients) {
  d_sharpness_ = 0;
  d_of_item_.fill(0);
  d_sessions_.assign(batch.size() * dimension_, 0.0F);
  read_sessions(batch, vectors);
  score_sample(sample.rows, vectors, batch.size());
  for (std::size_t n = 0; n < batch.size(); ++n) learn_target(n, batch[n], sample, vectors, gradients);
  learn_sample(sample.rows, batch.size(), gradients);
  learn_sessions(batch, vectors, gradients);
  step_map(batch.size());
  for (std::size_t i = 0; i < SessionWeights::kItems; ++i) {
    step(weights_.of_item[i], d_of_item_[i], squares_.of_item[i], kItemRate);
    weights_.of_item[i] = std::max(weights_.of_item[i], i == 0 ? kLeastNewest : kLeastWeight);
  }
  step(weights_.sharpness, d_sharpness_, squares_.sharpness, kSharpnessRate);
  weights_.sharpness = std::clamp(weights_.sharpness, kLeastSharpness, kMostSharpness);
}

void SessionTrainer::read_sessions(std::span<const SessionStep> batch, const EmbeddingView& vectors) {
  means_.resize(batch.size() * dimension_);
  sessions_.resize(batch.size() * dimension_);
  totals_.clear();
  for (std::size_t n = 0; n < batch.size(); ++n) {
    newest_.clear();
    for (std::size_t i = 0; i < batch[n].visits; ++i) newest_.push_back(vectors.vector(batch[n].visited[i]));
    totals_.push_back(weights_.mean(newest_, &means_[n * dimension_]));
  }
  weights_.transform(means_.data(), sessions_.data(), batch.size());
}

/// Fills scores_ with dot products.
void SessionTrainer::score_sample(const Numbering& sample, const EmbeddingView& vectors, std::size_t examples) {
  columns_ = (sample.size() + kLanes - 1) / kLanes * kLanes;
  sample_.assign(columns_ * dimension_, 0.0F);
  for (std::size_t n = 0; n < sample.size(); ++n) {
    std::copy_n(vectors.vector(sample.keys()[n]), dimension_, &sample_[n * dimension_]);
  }
  transpose(sample_.data(), columns_, dimension_, transposed_);
  scores_.assign(examples * columns_, 0.0F);
  add_product(scores_.data(), transposed_.data(), sessions_.data(), dimension_, columns_, examples);
}

/// The softmax of one example: gradients for its target; those of the sample's scores take the place of its dot products.
void SessionTrainer::learn_target(std::size_t n, const SessionStep& example, const ItemSample& sample,
                                  const EmbeddingView& vectors, RowGradients& gradients) {
  const std::size_t drawn = sample.rows.size();
  const std::span<float> scores(&scores_[n * columns_], columns_);
  const float* const session = &sessions_[n * dimension_];
  const float* const target = vectors.vector(example.target);
  const float sharpness = weights_.sharpness;
  // Each sampled item stands for so many, so that the softmax estimates the one over all of them.
  const auto stands_for = static_cast<float>(sample.drawn_from) / static_cast<float>(std::max<std::size_t>(1, drawn));
  const float correction = std::log(std::max(1.0F, stands_for));
  const auto exclude = [&](std::uint32_t row) {
    if (const std::uint32_t at = sample.rows.find(row); at != Numbering::kAbsent) scores[at] = kImpossible;
  };
  for (std::size_t i = drawn; i < columns_; ++i) scores[i] = kImpossible;
  exclude(example.target);
  for (std::size_t i = 0; i < example.visits; ++i) exclude(example.visited[i]);

  const float cosine = dot(session, target, dimension_);
  odds_.assign(scores.begin(), scores.end());
  const float own = sharpness * cosine + example.prior;
  float highest = own;
  for (std::size_t i = 0; i < drawn; ++i) {
    odds_[i] = odds_[i] * sharpness + correction + sample.priors[i];
    highest = std::max(highest, odds_[i]);
  }
  for (float& score : odds_) score -= highest;
  exponential(odds_.data(), odds_.size());
  const float target_odds = std::exp(own - highest);
  float sum = target_odds;
  for (std::size_t i = 0; i < drawn; ++i) sum += odds_[i];

  const float gradient = (target_odds / sum - 1) * example.weight;
  d_sharpness_ += gradient * cosine;
  gradients.add(example.target, session, gradient * sharpness);
  add_scaled(target, gradient * sharpness, dimension_, &d_sessions_[n * dimension_]);
  for (std::size_t i = 0; i < columns_; ++i) {
    const float of_score = scores[i] == kImpossible ? 0.0F : odds_[i] / sum * example.weight;
    d_sharpness_ += of_score * (of_score == 0 ? 0 : scores[i]);
    scores[i] = of_score * sharpness;
  }
}

/// Gradients of the sample's vectors, and of the sessions' by them.
void SessionTrainer::learn_sample(const Numbering& sample, std::size_t examples, RowGradients& gradients) {
  add_product(d_sessions_.data(), sample_.data(), scores_.data(), columns_, dimension_, examples);
  transpose(scores_.data(), examples, columns_, transposed_);
  d_sample_.assign(columns_ * dimension_, 0.0F);
  add_product(d_sample_.data(), sessions_.data(), transposed_.data(), examples, dimension_, columns_);
  for (std::size_t n = 0; n < sample.size(); ++n) gradients.add(sample.keys()[n], &d_sample_[n * dimension_], 1);
}

/// Through the map and the mean to the visited items' vectors and weights.
void SessionTrainer::learn_sessions(std::span<const SessionStep> batch, const EmbeddingView& vectors,
                                    RowGradients& gradients) {
  transpose(weights_.map.data(), dimension_, dimension_, transposed_);
  d_means_ = d_sessions_;
  add_product(d_means_.data(), transposed_.data(), d_sessions_.data(), dimension_, dimension_, batch.size());
  for (std::size_t n = 0; n < batch.size(); ++n) {
    const float* const d_mean = &d_means_[n * dimension_];
    const float along = dot(d_mean, &means_[n * dimension_], dimension_);
    for (std::size_t i = 0; i < batch[n].visits; ++i) {
      const std::uint32_t row = batch[n].visited[i];
      d_of_item_[i] += (dot(d_mean, vectors.vector(row), dimension_) - along) / totals_[n];
      gradients.add(row, d_mean, weights_.of_item[i] / totals_[n]);
    }
  }
}

/// The gradient is, summed over the examples, that of the session's vector times each of the mean's numbers.
void SessionTrainer::step_map(std::size_t examples) {
  transpose(means_.data(), examples, dimension_, transposed_);
  d_map_.assign(dimension_ * dimension_, 0.0F);
  add_product(d_map_.data(), d_sessions_.data(), transposed_.data(), examples, dimension_, dimension_);
  adagrad_step(weights_.map, d_map_, squares_.map, kMapRate);
}

void SessionTrainer::save(ByteWriter& out) const {
  weights_.save(out);
  squares_.save(out);
}

bool SessionTrainer::load(ByteReader& in) {
  if (!weights_.load(in) || !squares_.load(in)) return false;
  const auto is_sum = [](float squares) { return squares >= 1; };
  return std::ranges::all_of(squares_.of_item, is_sum) && std::ranges::all_of(squares_.map, is_sum) &&
         squares_.sharpness >= 1;
}

}  // namespace freshet::online

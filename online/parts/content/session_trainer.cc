#include "online/parts/content/session_trainer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "online/kernels/kernels.h"
#include "online/vectors/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr float kNegligible = 0.004F;  // negatives of less probability are not learned from
constexpr float kItemRate = 0.05F, kSharpnessRate = 0.1F, kMapRate = 0.01F;
constexpr float kLeastWeight = 0.0F, kLeastNewest = 0.05F, kLeastSharpness = 1.0F, kMostSharpness = 100.0F;

void step(float& value, float gradient, float& squares, float rate) {
  squares += gradient * gradient;
  value -= rate * gradient / std::sqrt(squares);
}

}  // namespace

SessionTrainer::SessionTrainer(std::size_t dimension, std::size_t negatives)
    : dimension_(dimension),
      weights_(dimension),
      squares_(dimension),
      visited_(SessionWeights::kItems),
      mean_(dimension),
      session_(dimension),
      d_session_(dimension),
      d_mean_(dimension),
      d_item_(dimension) {
  rows_.reserve(negatives);
  squares_.of_item.fill(1);
  squares_.sharpness = 1;
  std::ranges::fill(squares_.map, 1.0F);
}

void SessionTrainer::begin() {
  visits_ = 0;
  rows_.clear();
  scores_.clear();
  contenders_.clear();
  gradients_.clear();
  next_class_ = 0;
}

void SessionTrainer::add_visited(const EncodedItem& item) { visited_[visits_++] = item; }

void SessionTrainer::set_target(const EncodedItem& item) {
  newest_.clear();
  for (std::size_t i = 0; i < visits_; ++i) newest_.push_back(visited_[i].vector.data());
  total_ = weights_.mean(newest_, mean_.data());
  weights_.transform(mean_.data(), session_.data());
  target_.item = item;
}

void SessionTrainer::add_negative(std::uint32_t row, const float* vector) {
  rows_.push_back(row);
  scores_.push_back(weights_.sharpness * dot(session_.data(), vector, dimension_));
}

void SessionTrainer::weigh(float weight, std::size_t items) {
  const float target = weights_.sharpness * dot(session_.data(), target_.item.vector.data(), dimension_);
  // Each negative stands for so many items, so that the softmax estimates the one over all of them.
  const auto drawn = static_cast<float>(std::max<std::size_t>(1, scores_.size()));
  const float correction = std::log(std::max(1.0F, static_cast<float>(items) / drawn));
  float highest = target;
  for (float& score : scores_) highest = std::max(highest, score += correction);
  for (float& score : scores_) score -= highest;
  exponential(scores_.data(), scores_.size());
  const float odds = std::exp(target - highest);
  float sum = odds;
  for (const float score : scores_) sum += score;
  target_.gradient = (odds / sum - 1) * weight;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const float probability = scores_[i] / sum;
    if (probability < kNegligible) continue;
    contenders_.push_back(rows_[i]);
    gradients_.push_back(probability * weight);
  }
}

void SessionTrainer::add_contender(const EncodedItem& item) {
  if (classes_.size() <= next_class_) classes_.emplace_back();
  classes_[next_class_].item = item;
  classes_[next_class_].gradient = gradients_[next_class_];
  ++next_class_;
}

void SessionTrainer::add_class(TokenVectors& tokens, const Class& of) {
  const float* const vector = of.item.vector.data();
  add_scaled(vector, of.gradient * weights_.sharpness, dimension_, d_session_.data());
  d_sharpness_ += of.gradient * dot(session_.data(), vector, dimension_);
  for (std::size_t i = 0; i < dimension_; ++i) d_item_[i] = of.gradient * weights_.sharpness * session_[i];
  tokens.backward(of.item, d_item_);
}

void SessionTrainer::backward(TokenVectors& tokens) {
  std::ranges::fill(d_session_, 0.0F);
  d_sharpness_ = 0;
  add_class(tokens, target_);
  for (std::size_t i = 0; i < next_class_; ++i) add_class(tokens, classes_[i]);
  d_mean_ = d_session_;
  for (std::size_t i = 0; i < dimension_; ++i) {
    d_mean_[i] += dot(&weights_.map[i * dimension_], d_session_.data(), dimension_);
  }
  const float along = dot(d_mean_.data(), mean_.data(), dimension_);
  std::array<float, SessionWeights::kItems> gradient{};
  for (std::size_t i = 0; i < visits_; ++i) {
    gradient[i] = (dot(d_mean_.data(), visited_[i].vector.data(), dimension_) - along) / total_;
    for (std::size_t j = 0; j < dimension_; ++j) d_item_[j] = d_mean_[j] * weights_.of_item[i] / total_;
    tokens.backward(visited_[i], d_item_);
  }
  step_map();
  for (std::size_t i = 0; i < visits_; ++i) {
    step(weights_.of_item[i], gradient[i], squares_.of_item[i], kItemRate);
    weights_.of_item[i] = std::max(weights_.of_item[i], i == 0 ? kLeastNewest : kLeastWeight);
  }
  step(weights_.sharpness, d_sharpness_, squares_.sharpness, kSharpnessRate);
  weights_.sharpness = std::clamp(weights_.sharpness, kLeastSharpness, kMostSharpness);
}

/// The gradient is that of the session's vector times each of the mean's numbers.
void SessionTrainer::step_map() {
  for (std::size_t i = 0; i < dimension_; ++i) {
    for (std::size_t j = 0; j < dimension_; ++j) d_item_[j] = mean_[i] * d_session_[j];
    const std::size_t row = i * dimension_;
    adagrad_step({&weights_.map[row], dimension_}, d_item_, {&squares_.map[row], dimension_}, kMapRate);
  }
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
